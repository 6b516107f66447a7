//! Lines as words: `name`, `key=value`, and quotes around what has spaces.

use std::collections::VecDeque;

use alertkube_lang::{Problem, nearest};

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins, counted from 1.
    pub(super) column: usize,
    /// The part before `=`, if there is one outside of quotes.
    pub(super) key: Option<String>,
    /// The word, or the part after `=`, without its quotes.
    pub(super) value: String,
}

/// A line that is read word by word. Every problem is noted with its place.
pub(super) struct Line<'a> {
    number: usize,
    end: usize,
    words: VecDeque<Word>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Line<'a> {
    pub(super) fn new(number: usize, text: &str, problems: &'a mut Vec<Problem>) -> Line<'a> {
        let (words, unclosed) = split(text);
        let mut line = Line { number, end: text.chars().count() + 1, words: words.into(), problems };
        if let Some(column) = unclosed {
            line.complain(column, Problem::new("", "a quote that is not closed"));
        }
        line
    }

    /// The next word; its absence is a problem.
    pub(super) fn word(&mut self, what: &str) -> Option<Word> {
        let word = self.words.pop_front();
        if word.is_none() {
            self.complain(self.end, Problem::new("", format!("{what} is missing")));
        }
        word
    }

    /// The next word, if there is one.
    pub(super) fn next(&mut self) -> Option<Word> {
        self.words.pop_front()
    }

    /// Everything behind what was read should not be there.
    pub(super) fn close(mut self) {
        if let Some(word) = self.words.pop_front() {
            let message = format!("`{}` is one word too many", word.shown());
            self.complain(word.column, Problem::new("", message));
        }
    }

    pub(super) fn complain(&mut self, column: usize, problem: Problem) {
        self.problems.push(Problem { span: Some((self.number, column)), ..problem });
    }

    /// Names a word that is none of the known ones.
    pub(super) fn unknown(&mut self, word: &Word, what: &str, known: &[&str]) {
        let written = word.key.as_deref().unwrap_or(&word.value);
        let problem = Problem::new("", format!("unknown {what} `{written}`"));
        let problem = match nearest(written, known.iter().copied()) {
            Some(near) => problem.nearest(near),
            None => problem.expected(format!("one of {}", known.join(", "))),
        };
        self.complain(word.column, problem);
    }

    /// Names a value that cannot be read.
    pub(super) fn unread(&mut self, word: &Word, expected: &str) {
        let problem = Problem::new("", format!("`{}` cannot be read", word.shown())).expected(expected);
        self.complain(word.column, problem);
    }
}

impl Word {
    fn shown(&self) -> String {
        match &self.key {
            Some(key) => format!("{key}={}", self.value),
            None => self.value.clone(),
        }
    }
}

/// Cuts a line into words; a word that begins with `#` ends it. Also gives where a quote is left open.
fn split(text: &str) -> (Vec<Word>, Option<usize>) {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<Word>, None);
    for (column, letter) in text.chars().enumerate().map(|(at, letter)| (at + 1, letter)) {
        match letter {
            '"' if quote.is_some() => quote = None,
            '"' => {
                quote = Some(column);
                word.get_or_insert(Word { column, key: None, value: String::new() });
            }
            _ if quote.is_some() => word.iter_mut().for_each(|word| word.value.push(letter)),
            '#' if word.is_none() => break,
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => {
                let word = word.get_or_insert(Word { column, key: None, value: String::new() });
                let is_key = letter == '=' && word.key.is_none() && !word.value.is_empty();
                match is_key {
                    true => word.key = Some(std::mem::take(&mut word.value)),
                    false => word.value.push(letter),
                }
            }
        }
    }
    words.extend(word);
    (words, quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, String)> {
        split(text).0.iter().map(|word| (word.column, word.shown())).collect()
    }

    #[test]
    fn words_have_keys_quotes_and_columns() {
        let words = of(r#"apply  pod a/b unschedulable="0/3 nodes = full" "x=y" # and so on"#);
        let texts: Vec<&str> = words.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["apply", "pod", "a/b", "unschedulable=0/3 nodes = full", "x=y"]);
        assert_eq!(words[1].0, 8);
        assert_eq!(split(r#"a "x=y""#).0[1].key, None);
        assert_eq!(split(r#"event "open"#).1, Some(7));
    }

    #[test]
    fn a_number_sign_inside_a_word_is_a_letter() {
        assert_eq!(of("a#b c=#d").len(), 2);
        assert!(of("  # only this").is_empty());
    }
}
