//! The seats as text for people.

use std::collections::BTreeMap;

use alertkube_core::Stamp;

use super::findings::findings;
use super::limits::{COLUMNS_MAX, NAME_COLUMNS_MIN};
use super::picture::{Found, Head, Index, LeaseRow, Picture, Seat, State, age, seat_name};

/// Instants in tables, to the second.
const INSTANT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// The Leases and the heads of the state, a row for each seat, and what is to be looked at below.
pub(super) fn render(picture: &Picture) -> String {
    let Picture { leases_in, state, seats, .. } = picture;
    if seats.is_empty() {
        let state =
            state.as_ref().map(|State { namespace, name, .. }| format!(", and no {name} in {namespace}"));
        let text = format!("No seats: no Lease of alertkube in {leases_in}{}.\n", state.unwrap_or_default());
        return text + &below(picture);
    }
    let mut text = format!("Leases in {leases_in}\n");
    let header = ["SEAT", "HOLDER", "HELD SINCE", "RENEWED", "AGE", "CHANGES", "RELEASE"];
    text += &table(&header, rows(seats, |seat| lease(picture.at, &seat.lease)));
    match state {
        Some(State { namespace, name, .. }) => {
            text += &format!("\nState {name} in {namespace}\n");
            let header = ["SEAT", "HOLDER", "TERM", "ELECTED", "RELEASED", "SEQ", "SHARDS", "BEAT", "AGE"];
            text += &table(&header, rows(seats, |seat| head(picture.at, &seat.head)));
        }
        None => text += "\nNo state: persistence.enabled is off in the configuration.\n",
    }
    text + &below(picture)
}

/// A row for each seat: its name, and these cells.
fn rows(seats: &BTreeMap<Index, Seat>, cells: impl Fn(&Seat) -> Vec<String>) -> Vec<Vec<String>> {
    seats.iter().map(|(index, seat)| [vec![seat_name(*index)], cells(seat)].concat()).collect()
}

fn lease(at: Stamp, lease: &Found<LeaseRow>) -> Vec<String> {
    let Some(row) = lease.there() else { return blank(lease.is_unread()) };
    let holder = if row.holder.is_empty() { "(nobody)" } else { &row.holder };
    vec![
        plain(holder),
        instant(row.acquired),
        instant(row.renewed),
        row.renewed.map_or_else(|| "-".to_owned(), |renewed| age(at.since(renewed))),
        row.transitions.to_string(),
        plain(row.release.as_deref().unwrap_or("-")),
    ]
}

fn head(at: Stamp, head: &Found<Head>) -> Vec<String> {
    let Some(row) = head.there() else { return blank(head.is_unread()) };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    vec![
        plain(&row.holder),
        row.term.to_string(),
        yes(row.elected),
        yes(row.released),
        row.seq.to_string(),
        row.shards_words(),
        instant(Some(row.beat)),
        age(at.since(row.beat)),
    ]
}

/// The holder of what is not there, or was not read; the other cells are left out.
fn blank(unread: bool) -> Vec<String> {
    vec![if unread { "(not read)" } else { "(none)" }.to_owned()]
}

fn instant(stamp: Option<Stamp>) -> String {
    stamp.map_or_else(|| "-".to_owned(), |stamp| stamp.timestamp().strftime(INSTANT).to_string())
}

/// Whoever may write a Lease must not move the reader's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Aligned cells with two spaces between them. What does not fit is taken from holders and releases.
fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let names = |at: &usize| matches!(header[*at].as_str(), "HOLDER" | "RELEASE");
    let rows = [vec![header.clone()], rows].concat();
    let width = |at: usize| {
        rows.iter().filter_map(move |row: &Vec<String>| row.get(at)).map(|cell| cell.chars().count()).max()
    };
    let mut widths: Vec<usize> = (0..header.len()).map(|at| width(at).unwrap_or(0)).collect();
    let whole = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    while whole(&widths) > COLUMNS_MAX {
        let widest = (0..widths.len()).filter(names).max_by_key(|at| widths[*at]);
        match widest.filter(|at| widths[*at] > NAME_COLUMNS_MIN) {
            Some(at) => widths[at] -= 1,
            None => break,
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", cut(cell, *width)));
        cells.collect::<Vec<String>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// The two ends of a text that is too long: one shows the workload, the other the process.
fn cut(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (front, back) = (kept / 2, kept - kept / 2);
    let chars = || text.chars();
    chars().take(front).chain(['…']).chain(chars().skip(length - back)).collect()
}

/// What is to be looked at, wrapped.
fn below(picture: &Picture) -> String {
    let findings = findings(picture);
    let lines: String = findings.iter().map(|finding| wrapped(&plain(&finding.text))).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn wrapped(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), "-".to_owned());
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS_MAX {
            lines += &line;
            lines.push('\n');
            line = " ".to_owned();
        }
        line.push(' ');
        line += word;
    }
    lines + &line + "\n"
}
