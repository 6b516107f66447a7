//! The word that was probably meant.

use crate::limits::MAX_NEAREST_CHARS;

/// The known word nearest to `word`, if any is near: at most a third of its letters, and at least one, may be wrong.
///
/// Letter case does not count, and two letters swapped count as one error. Among equals the first wins.
///
/// ```
/// assert_eq!(alertkube_lang::nearest("slakc", ["stdout", "slack"]), Some("slack"));
/// assert_eq!(alertkube_lang::nearest("smoke", ["stdout", "slack"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|other| Some((distance(word, other)?, other)));
    let (edits, other) = near.min_by_key(|(edits, _)| *edits)?;
    (edits <= tolerance(word)).then_some(other)
}

/// Edits that a word of this length may be off.
pub(crate) fn tolerance(word: &str) -> usize {
    (word.chars().count() / 3).max(1)
}

/// The least number of letters inserted, dropped, replaced, or swapped with the next; nothing for very long words.
pub(crate) fn distance(left: &str, right: &str) -> Option<usize> {
    let (left, right) = (letters(left)?, letters(right)?);
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != other);
            let mut edits = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && left[row - 1] == *other && right[column - 1] == *letter {
                let swapped: &Vec<usize> = &before;
                edits = edits.min(swapped[column - 1] + 1);
            }
            current.push(edits);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied()
}

fn letters(word: &str) -> Option<Vec<char>> {
    let fits = word.chars().nth(MAX_NEAREST_CHARS).is_none();
    fits.then(|| word.chars().map(|letter| letter.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let between = |left, right| distance(left, right).expect("short words");
        assert_eq!([between("", ""), between("abc", ""), between("", "ab")], [0, 3, 2]);
        assert_eq!(
            [between("kitten", "sitting"), between("name", "anme"), between("Slack", "slack")],
            [3, 1, 0]
        );
        assert_eq!(between("ab", "ba"), 1);
    }

    #[test]
    fn near_is_a_third_of_the_word() {
        let known = ["namespace", "name", "node", "severity"];
        assert_eq!(nearest("namepsace", known), Some("namespace"));
        assert_eq!(nearest("sevrty", known), Some("severity"));
        assert_eq!(nearest("nod", known), Some("node"));
        assert_eq!(nearest("team", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("name", []), None);
    }

    #[test]
    fn a_long_word_is_near_nothing() {
        let long = "x".repeat(MAX_NEAREST_CHARS + 1);
        assert_eq!(nearest(&long, [long.as_str()]), None);
        assert_eq!(nearest("x", [long.as_str(), "y"]), Some("y"));
    }
}
