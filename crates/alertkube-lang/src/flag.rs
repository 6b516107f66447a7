//! The two vocabularies for yes and no that users of the Go program know.

/// Reads a flag as the environment spells it: `1 true TRUE yes` or `0 false FALSE no`.
#[must_use]
pub fn parse_go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "TRUE" | "yes" => Some(true),
        "0" | "false" | "FALSE" | "no" => Some(false),
        _ => None,
    }
}

/// Reads the value of a command-line flag as Go's `strconv.ParseBool` does.
#[must_use]
pub fn parse_go_flag_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parse: fn(&str) -> Option<bool>, words: &str) -> Vec<Option<bool>> {
        words.split(' ').map(parse).collect()
    }

    #[test]
    fn the_words_of_the_environment() {
        assert_eq!(read(parse_go_bool, "1 true TRUE yes"), [Some(true); 4]);
        assert_eq!(read(parse_go_bool, "0 false FALSE no"), [Some(false); 4]);
        assert_eq!(read(parse_go_bool, " True t on YES 2"), [None; 6]);
    }

    #[test]
    fn the_words_of_the_command_line() {
        assert_eq!(read(parse_go_flag_bool, "1 t T TRUE true True"), [Some(true); 6]);
        assert_eq!(read(parse_go_flag_bool, "0 f F FALSE false False"), [Some(false); 6]);
        assert_eq!(read(parse_go_flag_bool, " yes no tRUE 2"), [None; 5]);
    }
}
