//! Runs ordeals one after the other, on as many threads as it is told, and reports the first seed that breaks an
//! invariant. `cargo xtask simulate` builds and runs it.
#![expect(clippy::disallowed_methods, reason = "a box of seconds is measured on a real clock")]
#![expect(clippy::print_stdout, reason = "it talks to the person who typed it")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use alertkube_sim::{Judged, Ordeal};

/// What it was asked to do.
struct Wish {
    seed: Option<u64>,
    without: Vec<usize>,
    trace: bool,
    first: bool,
    from: u64,
    seeds: u64,
    seconds: Option<u64>,
    threads: usize,
}

/// What all ordeals came to.
#[derive(Default)]
struct Sum {
    ordeals: u64,
    steps: u64,
    messages: [u64; 4],
    takeovers: u64,
    broken: Vec<u64>,
}

/// Lines of a trace that a report shows unless all are asked for.
const SHOWN: usize = 80;

fn main() -> ExitCode {
    let wish = match wish(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(why) => {
            println!("{why}");
            return ExitCode::from(2);
        }
    };
    let held = match wish.seed {
        Some(seed) => replay(&Ordeal::new(seed).without(wish.without), seed, wish.trace),
        None => all(&wish),
    };
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wish(mut args: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish {
        seed: None,
        without: Vec::new(),
        trace: false,
        first: false,
        from: 0,
        seeds: 1000,
        seconds: None,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--trace" => wish.trace = true,
            "--first" => wish.first = true,
            _ => take(&mut wish, &arg, args.next())?,
        }
    }
    Ok(wish)
}

fn take(wish: &mut Wish, flag: &str, value: Option<String>) -> Result<(), String> {
    let value = value.ok_or_else(|| format!("{flag} lacks its value"))?;
    let number =
        |text: &str| text.parse::<u64>().map_err(|_| format!("{flag} {text}: a number was expected"));
    match flag {
        "--seed" => wish.seed = Some(number(&value)?),
        "--from" => wish.from = number(&value)?,
        "--seeds" => wish.seeds = number(&value)?,
        "--seconds" => wish.seconds = Some(number(&value)?),
        "--threads" => wish.threads = usize::try_from(number(&value)?).unwrap_or(1),
        "--without" => {
            let acts = value.split(',').map(|act| number(act).map(|act| usize::try_from(act).unwrap_or(0)));
            wish.without = acts.collect::<Result<_, _>>()?;
        }
        _ => return Err(format!("{flag} is none of {FLAGS}")),
    }
    Ok(())
}

const FLAGS: &str = "--seed --without --trace --from --seeds --seconds --threads --first";

/// Plays one ordeal and shows all of it, or its last lines.
fn replay(ordeal: &Ordeal, seed: u64, whole: bool) -> bool {
    let judged = ordeal.trace();
    let skipped = if whole { 0 } else { judged.trace.len().saturating_sub(SHOWN) };
    for line in judged.trace.iter().skip(skipped) {
        println!("{line}");
    }
    match &judged.broken {
        None => println!("seed {seed} holds: {} events", judged.steps),
        Some((what, how)) => println!("seed {seed} breaks `{what}`: {how}"),
    }
    judged.broken.is_none()
}

/// Plays many; those who break an invariant are cut down and shown.
fn all(wish: &Wish) -> bool {
    let start = Instant::now();
    let (next, stop) = (AtomicU64::new(wish.from), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    let over = || match wish.seconds {
        Some(seconds) => start.elapsed() >= Duration::from_secs(seconds),
        None => false,
    };
    std::thread::scope(|scope| {
        for _ in 0..wish.threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && !over() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if wish.seconds.is_none() && seed >= wish.from + wish.seeds {
                        return;
                    }
                    let judged = Ordeal::new(seed).run();
                    let mut sum = sum.lock().expect("no thread panics while it adds up");
                    let most = if wish.first { 1 } else { ENOUGH_FAILURES };
                    if add(&mut sum, seed, &judged) >= most {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().expect("every thread has ended");
    tell(&sum, start.elapsed());
    if let Some(seed) = sum.broken.first().filter(|_| !wish.first) {
        let least = Ordeal::new(*seed).shrunk();
        replay(&least, *seed, wish.trace);
        let without: Vec<String> = least.left_out().iter().map(ToString::to_string).collect();
        let cut =
            if without.is_empty() { String::new() } else { format!(" --without {}", without.join(",")) };
        println!("replay: cargo xtask simulate --seed {seed} --trace");
        println!("without the acts that it does not take: cargo xtask simulate --seed {seed}{cut} --trace");
    }
    sum.broken.is_empty()
}

/// After so many failures no more are looked for.
const ENOUGH_FAILURES: usize = 20;

fn add(sum: &mut Sum, seed: u64, judged: &Judged) -> usize {
    sum.ordeals += 1;
    sum.steps += judged.steps;
    sum.takeovers += judged.takeovers;
    for (all, more) in sum.messages.iter_mut().zip(judged.messages) {
        *all += more;
    }
    if let Some((what, how)) = &judged.broken {
        println!("seed {seed} breaks `{what}`: {how}");
        sum.broken.push(seed);
    }
    sum.broken.len()
}

fn tell(sum: &Sum, took: Duration) {
    let [sent, doubled, zombies, undurable] = sum.messages;
    println!(
        "{} ordeals in {:.1} s: {} broken; {} events, {} takeovers, {sent} messages ({doubled} repeats, {zombies} of \
         fenced replicas, {undurable} without a commit)",
        sum.ordeals,
        took.as_secs_f64(),
        sum.broken.len(),
        sum.steps,
        sum.takeovers
    );
}
