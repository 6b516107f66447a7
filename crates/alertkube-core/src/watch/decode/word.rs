//! Texts and times as views keep them.

use crate::time::Stamp;
use crate::watch::decode::json::Reader;
use crate::watch::limits::TEXT_BYTES;
use crate::watch::vocabulary::Word;

/// A text, cut to its bound; empty when absent.
pub(super) fn text(reader: &mut Reader<'_>) -> Box<str> {
    let text = reader.text().unwrap_or_default();
    Box::from(cut(&text, TEXT_BYTES))
}

/// A text that is nearly always one of a few, cut to its bound; empty when absent.
pub(super) fn word(reader: &mut Reader<'_>) -> Word {
    let text = reader.text().unwrap_or_default();
    Word::from(cut(&text, TEXT_BYTES))
}

/// The longest beginning of `text` of at most `most` bytes.
pub(in crate::watch) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// A time as `metav1.Time` or `metav1.MicroTime` writes it.
pub(super) fn stamp(reader: &mut Reader<'_>) -> Option<Stamp> {
    let text = reader.text()?;
    whole_seconds(text.as_bytes()).or_else(|| Stamp::parse(&text))
}

/// `YYYY-MM-DDTHH:MM:SSZ`, which nearly every time is, without the general parser.
fn whole_seconds(text: &[u8]) -> Option<Stamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let marks = [text[4], text[7], text[10], text[13], text[16], text[19]];
    if marks != *b"--T::Z" {
        return None;
    }
    let year = number(&text[..4])?;
    let (month, day) = (number(&text[5..7])?, number(&text[8..10])?);
    let (hour, minute, second) = (number(&text[11..13])?, number(&text[14..16])?, number(&text[17..19])?);
    // Days past the 28th depend on the month: the general parser knows which of them exist.
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) && !day_exists(year, month, day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(Stamp::from_seconds(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Some(sum * 10 + i64::from(digit - b'0')),
        _ => None,
    })
}

fn day_exists(year: i64, month: i64, day: i64) -> bool {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day >= 1 && day <= days(next_year, next_month, 1) - days(year, month, 1)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. The year is taken to begin in March, so that
/// the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let day_of_year = (153 * since_march + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_path_agrees_with_the_general_parser_on_every_day() {
        for day in (-800_000_i64..3_000_000).step_by(13) {
            let text = Stamp::from_seconds(day * 86_400 + 3_723).timestamp().to_string();
            if text.len() == 20 {
                assert_eq!(whole_seconds(text.as_bytes()), Stamp::parse(&text), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_such_time_is_left_to_the_general_parser() {
        for text in
            ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z"]
        {
            assert_eq!(whole_seconds(text.as_bytes()), None, "{text}");
        }
        assert!(whole_seconds(b"2024-02-29T23:59:59Z").is_some());
        assert_eq!(whole_seconds(b"2026-11-23T04:05:08.5Z"), None);
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("aüb", 2), "a");
        assert_eq!(cut("aüb", 99), "aüb");
    }
}
