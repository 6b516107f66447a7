//! Deeds without end. Whoever starts after a kill reads back what was committed, and holds it against the same deeds,
//! done in order to a map.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::drive::Drive;
use crate::fold::{deed, held, known};

/// Deeds of one portion, and how long one takes: 600 a second.
const PORTION: u64 = 12;
const STEP: Duration = Duration::from_millis(20);
/// Deeds that may wait for their commit before no more are done.
const BEHIND: usize = 480;

/// Checks what is there, and goes on from it until it is killed.
pub(crate) async fn run(drive: &mut Drive, log: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let (committed, issued) = known(&text);
    let found = drive.plain();
    let Some(mut next) = held(&found, committed, issued) else {
        bail!("{} entries are no fold of {committed} to {issued} deeds", found.len());
    };
    println!("equal {next} {committed} {issued} {}", found.len());
    let file = OpenOptions::new().create(true).append(true).open(log);
    let mut file = file.with_context(|| format!("open {}", log.display()))?;
    // A life that ends here leaves as many deeds as it found.
    writeln!(file, "from {next}")?;
    loop {
        let until = next + PORTION;
        // Written down before it is done: of what was done nothing may be unknown.
        writeln!(file, "issued {until}")?;
        while next < until {
            let (key, value) = deed(next);
            drive.put(key, value, None)?;
            next += 1;
        }
        drive.pass(STEP).await?;
        while drive.behind() > BEHIND {
            drive.pass(STEP).await?;
        }
        let committed = next - drive.behind() as u64;
        writeln!(file, "committed {committed}")?;
    }
}
