//! Shards of one program, each in a network of its own, on the ground that a pair has too.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::config::state_of;
use super::herd::Herd;
use super::limits;
use super::pair::{Plan, Stage};
use super::patience::{none_left, within};
use super::replica::{Birth, Replica};
use super::watchman::{said, stands_by};
use crate::line::Ground;

/// One process of a shard.
struct Member {
    shard: usize,
    elected: bool,
    replica: Replica,
    runs: bool,
}

/// The processes of all shards, and all that belongs to them.
pub(crate) struct Flock<'a> {
    pub(crate) stage: Stage<'a>,
    members: Vec<Member>,
    warm: bool,
    births: usize,
}

impl<'a> Flock<'a> {
    /// Sets everything up for these shards, some of which are elected pairs; no process runs yet, and there are no pods.
    pub(crate) fn new(
        ground: &'a Ground<'a>,
        plan: &Plan<'a>,
        shards: usize,
        pairs: &[usize],
        inhibitions: &Value,
    ) -> Result<Flock<'a>> {
        let stage = Stage::open(ground, plan, shards, |config| config["inhibitions"] = inhibitions.clone())?;
        let mut members = Vec::new();
        for shard in 0..shards {
            let elected = pairs.contains(&shard);
            for letter in if elected { &["a", "b"][..] } else { &["s"] } {
                let replica = Replica::new(ground.cluster(), &format!("{}-{shard}{letter}", plan.name))?;
                members.push(Member { shard, elected, replica, runs: false });
            }
        }
        Ok(Flock { stage, members, warm: plan.warm, births: 0 })
    }

    /// The addresses of a shard's processes.
    pub(crate) fn addresses(&self, shard: usize) -> impl Iterator<Item = &str> {
        self.members.iter().filter(move |member| member.shard == shard).map(|member| member.replica.address())
    }

    /// Starts those processes of a shard that do not run, and waits for them to be ready or to stand by.
    pub(crate) fn start(&mut self, shard: usize, total: usize) -> Result<()> {
        for at in 0..self.members.len() {
            if self.members[at].shard == shard && !self.members[at].runs {
                self.begin(at, total)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, at: usize, total: usize) -> Result<()> {
        self.births += 1;
        let Flock { stage, members, warm, births } = self;
        let member = &mut members[at];
        let birth = Birth::of(&format!("alertkube-{births}"), stage.kit.ground.namespace(), *warm)?;
        let birth = Birth { shard: Some((member.shard, total)), ..birth };
        let birth = if member.elected { birth } else { Birth { lease: None, ..birth } };
        member.replica.start(&stage.kit, &birth)?;
        member.runs = true;
        self.await_standby(at)
    }

    /// Ends the processes of a shard in good order.
    pub(crate) fn stop(&mut self, shard: usize) -> Result<()> {
        for at in (0..self.members.len()).rev() {
            if self.members[at].shard == shard {
                self.end(at)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, at: usize) -> Result<()> {
        let member = &mut self.members[at];
        if std::mem::take(&mut member.runs) {
            let (code, seconds) = member.replica.stop()?;
            if code != 0 {
                bail!("shard {} ended with {code} after {seconds} s", member.shard);
            }
        }
        Ok(())
    }

    /// What a StatefulSet does: what is too much goes, the highest first, what is missing comes, and then the rest is
    /// replaced one by one, from the highest on.
    pub(crate) fn roll(&mut self, total: usize) -> Result<()> {
        let running = |flock: &Flock<'_>| flock.members.iter().filter(|m| m.runs).map(|m| m.shard).max();
        let most = running(self).map_or(0, |shard| shard + 1);
        for shard in (total..most).rev() {
            self.stop(shard)?;
        }
        for shard in most..total {
            self.start(shard, total)?;
        }
        for at in (0..self.members.len()).rev() {
            if self.members[at].shard < total.min(most) {
                self.end(at)?;
                self.begin(at, total)?;
            }
        }
        Ok(())
    }

    /// Waits until each of so many shards is told by one process, which says so, at most for so long; how long it took.
    pub(crate) fn await_layout(&mut self, total: usize, at_most: Duration) -> Result<Duration> {
        let start = Instant::now();
        for shard in 0..total {
            let words = format!("shard {shard} of {total}, ");
            let led = within(at_most.saturating_sub(start.elapsed()), || {
                self.look()?;
                Ok((self.leading(shard, &words)? == 1).then_some(()))
            })?;
            led.with_context(|| format!("no shard {shard} of {total}: {}", self.said(shard)))?;
        }
        Ok(start.elapsed())
    }

    /// How many processes of a shard say that they lead it, in these words.
    fn leading(&self, shard: usize, words: &str) -> Result<usize> {
        let mut leading = 0;
        for member in self.members.iter().filter(|member| member.shard == shard && member.runs) {
            let answer = said(self.stage.kit.ground.cluster(), member.replica.door()?, "/readyz");
            leading += usize::from(answer.is_some_and(|(code, text)| code == 200 && text.contains(words)));
        }
        Ok(leading)
    }

    /// Fails when a process ended by itself, and takes in what the receivers wrote.
    pub(crate) fn look(&mut self) -> Result<()> {
        self.members
            .iter_mut()
            .filter(|member| member.runs)
            .try_for_each(|member| member.replica.is_there())?;
        self.stage.audience.look()
    }

    /// The pods, for somebody else's thread.
    pub(crate) fn take_herd(&mut self) -> Herd {
        let nothing = Herd::new(&self.stage.api, self.stage.kit.ground.namespace());
        std::mem::replace(&mut self.stage.herd, nothing)
    }

    /// How many sinks are still to hear of what was done; waited for until there are none, for so long.
    pub(crate) fn settle(&mut self, at_most: Duration) -> Result<usize> {
        none_left(at_most, || {
            self.look()?;
            Ok(self.stage.audience.left(self.stage.herd.fates()))
        })
    }

    /// For how long telling paused at each change of the layout, as the processes say.
    pub(crate) fn pauses(&self) -> Vec<f64> {
        let logs = self.members.iter().map(|member| member.replica.log());
        let lines: Vec<String> =
            logs.flat_map(|log| log.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let said = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        said.filter_map(|line| line["silent"].as_f64().or_else(|| line["fields"]["silent"].as_f64()))
            .collect()
    }

    /// The state objects of seats from this number on: their names, and how many bytes each holds.
    pub(crate) fn left_of(&self, from: usize, shards: usize) -> Result<Vec<(String, usize, Value)>> {
        let namespace = self.stage.kit.ground.namespace();
        let list = self.stage.api.get(&format!("/api/v1/namespaces/{namespace}/configmaps"))?;
        let mut left = Vec::new();
        for object in list["items"].as_array().into_iter().flatten() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if (from..shards).any(|shard| name.starts_with(&format!("{}-", state_of(shard)))) {
                let meta = object["data"]["meta"].as_str().unwrap_or("null");
                let meta = serde_json::from_str(meta).context("the meta of a state object")?;
                let bytes = object["binaryData"]["body"].as_str().map_or(0, |body| body.len() / 4 * 3);
                left.push((name.to_owned(), bytes, meta));
            }
        }
        Ok(left)
    }

    fn await_standby(&mut self, at: usize) -> Result<()> {
        let (shard, door) = (self.members[at].shard, self.members[at].replica.door()?);
        let stands = within(limits::SEATED_MAX, || {
            self.look()?;
            Ok(stands_by(self.stage.kit.ground.cluster(), door)?.then_some(()))
        })?;
        stands.with_context(|| format!("shard {shard} is not ready or standing by: {}", self.said(shard)))
    }

    /// The last lines of what the processes of a shard said.
    fn said(&self, shard: usize) -> String {
        let of = self.members.iter().filter(|member| member.shard == shard);
        of.map(|member| member.replica.said()).collect::<Vec<_>>().join("\n---\n")
    }
}

/// A rule by which one reason keeps another from being told, anywhere in the namespace.
pub(crate) fn inhibition(source: &str, target: &str) -> Value {
    json!([{"source": {"reason": source}, "target": {"reason": target}, "equal": ["namespace"]}])
}
