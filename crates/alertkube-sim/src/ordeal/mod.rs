//! Ordeals: many replicas with their elections on one virtual clock, before one API server and three sinks, in every
//! kind of trouble; all of it chosen by a seed, and all of it judged.
//!
//! The replicas and elections are the real ones. What is made up are the lines between them and the world: what is lost,
//! late, refused, doubled, paused or killed. An [`Ordeal`] that breaks an invariant breaks it again whenever it is run,
//! and can be cut down to the acts that it takes.

mod acts;
mod clock;
mod dice;
mod electing;
mod engine;
mod ground;
mod heads;
mod heir;
mod intents;
mod judgement;
mod life;
mod message;
mod oracle;
mod plan;
mod rollout;
mod sending;
mod server;
mod settings;
mod storing;
mod watching;
mod world;

use plan::Plan;
use world::World;

/// A world in trouble.
#[derive(Clone, Debug)]
pub struct Ordeal {
    seed: u64,
    /// Numbers of acts that are left out.
    without: Vec<usize>,
}

/// What came of an ordeal.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The invariant that was broken, and how.
    pub broken: Option<(&'static str, String)>,
    /// What happened, last things last: only of an ordeal that was traced.
    pub trace: Vec<String>,
    /// Events that happened.
    pub steps: u64,
    /// Messages whose first byte left; of these, repeats; and those of fenced replicas; and those without a commit.
    pub messages: [u64; 4],
    /// How often a seat was taken.
    pub takeovers: u64,
}

impl Ordeal {
    /// The ordeal of a seed.
    pub fn new(seed: u64) -> Ordeal {
        Ordeal { seed, without: Vec::new() }
    }

    /// The same without some of its acts.
    #[must_use]
    pub fn without(self, acts: Vec<usize>) -> Ordeal {
        Ordeal { without: acts, ..self }
    }

    /// The numbers of the acts that are left out.
    pub fn left_out(&self) -> &[usize] {
        &self.without
    }

    /// Plays it to its end, or until something is wrong.
    pub fn run(&self) -> Judged {
        self.play(false)
    }

    /// The same, and writes down what happens.
    pub fn trace(&self) -> Judged {
        self.play(true)
    }

    fn play(&self, traced: bool) -> Judged {
        let plan = Plan::new(self.seed);
        let kept = (0..plan.acts.len()).map(|act| !self.without.contains(&act)).collect();
        let mut world = World::new(plan, kept, traced);
        world.run();
        world.judge();
        let figures = world.oracle.figures;
        Judged {
            broken: world.oracle.broken.take().map(|broken| (broken.what, broken.how)),
            trace: world.trace(),
            steps: world.steps,
            messages: [figures.sent, figures.doubled, figures.zombies, figures.undurable],
            takeovers: figures.takeovers,
        }
    }

    /// Leaves out every act without which the same invariant is still broken.
    #[must_use]
    pub fn shrunk(&self) -> Ordeal {
        let Some((what, _)) = self.run().broken else { return self.clone() };
        let count = Plan::new(self.seed).acts.len();
        let mut least = self.clone();
        let mut portion = count.div_ceil(2).max(1);
        loop {
            for from in (0..count).step_by(portion) {
                let more = (from..count.min(from + portion)).filter(|act| !least.without.contains(act));
                let without: Vec<usize> = least.without.iter().copied().chain(more).collect();
                let smaller = Ordeal { seed: self.seed, without };
                if smaller.without.len() > least.without.len()
                    && smaller.run().broken.is_some_and(|(found, _)| found == what)
                {
                    least = smaller;
                }
            }
            if portion == 1 {
                least.without.sort_unstable();
                return least;
            }
            portion = portion.div_ceil(2);
        }
    }
}
