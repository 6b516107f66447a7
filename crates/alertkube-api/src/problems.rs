//! Problems as they are gathered: at a place of the file, or of a variable; each once, bounded, in order.

use alertkube_lang::Problem;

use crate::limits::{MAX_GATHERED, MAX_PROBLEMS};
use crate::yaml::Place;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    beyond: usize,
}

impl Problems {
    /// Adds a problem of the value at `path`, which stands at `place`.
    pub(crate) fn add(&mut self, place: Place, path: &str, problem: Problem) {
        self.add_with(place, path, || problem);
    }

    /// The same for a problem that is costly to word.
    pub(crate) fn add_with(&mut self, place: Place, path: &str, problem: impl FnOnce() -> Problem) {
        if self.list.len() >= MAX_GATHERED {
            self.beyond += 1;
            return;
        }
        self.list.push(Problem { span: Some((place.line, place.column)), ..problem().under(path) });
    }

    /// Adds a problem of an environment variable.
    pub(crate) fn add_variable(&mut self, name: &str, problem: Problem) {
        self.list.push(problem.under(name));
    }

    /// All of them in the order of the file, those of variables last; too many end in their count.
    pub(crate) fn finish(&mut self) -> Vec<Problem> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by_key(|problem| problem.span.unwrap_or((usize::MAX, usize::MAX)));
        list.dedup();
        let more = list.len().saturating_sub(MAX_PROBLEMS) + std::mem::take(&mut self.beyond);
        if more > 0 {
            list.truncate(MAX_PROBLEMS);
            list.push(says(format!("and {more} more problems")));
        }
        list
    }
}

/// A problem that says this, of whatever it is added to.
pub(crate) fn says(message: impl Into<String>) -> Problem {
    Problem::new("", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_in_the_order_of_the_file_each_once() {
        let mut problems = Problems::default();
        problems.add_variable("NAME", says("c"));
        for (line, what) in [(2, "b"), (1, "a"), (2, "b")] {
            problems.add(Place { line, column: 1 }, "key", says(what));
        }
        let told: Vec<String> = problems.finish().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["1:1: key: a", "2:1: key: b", "NAME: c"]);
    }

    #[test]
    fn too_many_end_in_their_count() {
        for extra in [5, MAX_GATHERED] {
            let mut problems = Problems::default();
            for line in 0..MAX_PROBLEMS + extra {
                problems.add(Place { line, column: 1 }, "", says("bad"));
            }
            let told = problems.finish();
            let last = format!("and {extra} more problems");
            assert_eq!((told.len(), &told[MAX_PROBLEMS].message), (MAX_PROBLEMS + 1, &last));
        }
    }
}
