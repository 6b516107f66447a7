//! What a proof found: figures with their bounds, tables, and notes.

use std::fmt::{Display, Write as _};

/// One measured figure and what it is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) bound: String,
    pub(crate) holds: bool,
}

/// Rows of cells under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// All that a proof found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) figures: Vec<Figure>,
    pub(crate) tables: Vec<Table>,
    pub(crate) notes: Vec<String>,
}

impl Figure {
    /// A figure that may not be above `most`.
    pub(crate) fn at_most(what: impl Into<String>, value: f64, most: f64, unit: &str) -> Figure {
        Figure::bounded(what, (value, unit), "at most", most, value <= most)
    }

    /// A figure that may not be below `least`.
    pub(crate) fn at_least(what: impl Into<String>, value: f64, least: f64, unit: &str) -> Figure {
        Figure::bounded(what, (value, unit), "at least", least, value >= least)
    }

    /// A figure that must be just this.
    pub(crate) fn exactly<T: Display + PartialEq>(what: impl Into<String>, value: T, wanted: T) -> Figure {
        let holds = value == wanted;
        Figure { what: what.into(), value: value.to_string(), bound: wanted.to_string(), holds }
    }

    /// A figure that is told, and held against nothing.
    pub(crate) fn told(what: impl Into<String>, value: impl Display) -> Figure {
        Figure { what: what.into(), value: value.to_string(), bound: "none".to_owned(), holds: true }
    }

    fn bounded(what: impl Into<String>, value: (f64, &str), word: &str, bound: f64, holds: bool) -> Figure {
        let (value, unit) = value;
        let bound = format!("{word} {}", with_unit(bound, unit));
        Figure { what: what.into(), value: with_unit(value, unit), bound, holds: holds && value.is_finite() }
    }
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(title: impl Into<String>, head: &[&str]) -> Table {
        Table {
            title: title.into(),
            head: head.iter().map(|cell| (*cell).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: &[&dyn Display]) {
        self.rows.push(cells.iter().map(ToString::to_string).collect());
    }
}

impl Verdict {
    /// Whether there is a figure, and each is within its bound.
    pub(crate) fn holds(&self) -> bool {
        !self.figures.is_empty() && self.figures.iter().all(|figure| figure.holds)
    }

    /// All of it as Markdown, which is read as it is on a terminal.
    pub(crate) fn markdown(&self) -> String {
        let mut figures = Table::new("Figures", &["what", "value", "bound", "holds"]);
        for Figure { what, value, bound, holds } in &self.figures {
            figures.row(&[what, value, bound, if *holds { &"yes" } else { &"**NO**" }]);
        }
        let mut text = String::new();
        for table in [&figures].into_iter().chain(&self.tables) {
            let _always = writeln!(text, "## {}\n\n{}", table.title, grid(&table.head, &table.rows));
        }
        for note in &self.notes {
            let _always = writeln!(text, "{note}\n");
        }
        text
    }
}

/// The largest of all; one that is not a number spoils the whole.
pub(crate) fn slowest(of: impl IntoIterator<Item = f64>) -> f64 {
    let worse = |one: f64, other: f64| if one.is_nan() || other.is_nan() { f64::NAN } else { one.max(other) };
    of.into_iter().fold(0.0, worse)
}

/// The value that so many of a hundred do not exceed, of values in order; none is not a number.
pub(crate) fn percentile(ordered: &[f64], of_a_hundred: f64) -> f64 {
    let rank = (ordered.len() as f64 * of_a_hundred / 100.0).ceil() as usize;
    ordered.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A table in Markdown with its columns in line.
fn grid(head: &[String], rows: &[Vec<String>]) -> String {
    let escaped = |row: &[String]| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).map(escaped).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _always = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if at == 0 {
            text.extend(widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
    text
}

fn with_unit(value: f64, unit: &str) -> String {
    let digits = if value.fract() == 0.0 || value.abs() >= 1000.0 { 0 } else { 2 };
    format!("{} {unit}", grouped(&format!("{value:.digits$}"))).trim_end().to_owned()
}

/// Thousands apart: `1,234.50`.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if left % 3 == 0 && text.ends_with(|c: char| c.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_holds_up_to_its_bound() {
        assert!(Figure::at_most("a", 64.0, 64.0, "MiB").holds);
        assert!(!Figure::at_most("a", 64.01, 64.0, "MiB").holds);
        assert!(!Figure::at_most("a", f64::NAN, 64.0, "MiB").holds);
        assert!(!Figure::at_least("a", 9_999.0, 10_000.0, "cases").holds);
        assert!(!Figure::exactly("a", 2, 1).holds);
        assert_eq!(Figure::at_most("a", 1_234_567.8, 2_000_000.0, "").value, "1,234,568");
        assert_eq!(Figure::at_most("a", -1.5, 0.0, "s").value, "-1.50 s");
    }

    #[test]
    fn one_that_never_came_spoils_the_slowest() {
        assert!((slowest([1.0, 3.0, 2.0]) - 3.0).abs() < f64::EPSILON);
        assert!(slowest([f64::NAN, 3.0]).is_nan() && slowest([3.0, f64::NAN]).is_nan());
    }

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!([50.0, 99.0, 100.0].map(|of| percentile(&values, of)), [100.0, 198.0, 200.0]);
        assert!(percentile(&[], 50.0).is_nan());
    }

    #[test]
    fn nothing_measured_is_nothing_shown() {
        let mut verdict = Verdict::default();
        assert!(!verdict.holds());
        verdict.figures.push(Figure::told("a", 1));
        assert!(verdict.holds());
        verdict.figures.push(Figure::exactly("b", 1, 2));
        assert!(!verdict.holds());
        assert!(verdict.markdown().contains("| b    | 1     | 2     | **NO** |"), "{}", verdict.markdown());
    }
}
