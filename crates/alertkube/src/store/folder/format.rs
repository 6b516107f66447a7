//! What stands in a state file: a part whole, and behind it what later versions of it added.
//!
//! The first words, and in the same line the version and the bytes of meta and of body, which follow. Then for each
//! addition a line with `+`, the version, the bytes of meta, how many bytes of the body stay, the bytes that come behind
//! them, and a CRC-32 over what follows: the meta and those bytes. The last whole addition is what the part is.

use alertkube_core::Content;

/// The first words of a state file.
const OPENING: &str = "alertkube-part 1";

/// The bytes of a part that is whole.
pub(super) fn whole(version: u64, content: &Content) -> Vec<u8> {
    let Content { meta, body } = content;
    let mut text = format!("{OPENING} {version} {} {}\n{meta}", meta.len(), body.len()).into_bytes();
    text.extend_from_slice(body);
    text
}

/// The bytes that make a part out of one with this body.
pub(super) fn addition(version: u64, before: &[u8], content: &Content) -> Vec<u8> {
    let Content { meta, body } = content;
    let stays = if body.starts_with(before) { before.len() } else { 0 };
    let added = &body[stays..];
    let crc = crc(meta.as_bytes(), added);
    let mut text = format!("+ {version} {} {stays} {} {crc}\n{meta}", meta.len(), added.len()).into_bytes();
    text.extend_from_slice(added);
    text
}

/// The part of a file with its version; none if it is none. An addition that is not whole was never acknowledged, so
/// the part is what it was before.
pub(super) fn parse(bytes: &[u8]) -> Option<(Content, u64)> {
    let (mut rest, numbers) = numbers(bytes, OPENING)?;
    let [version, meta, body] = numbers[..] else { return None };
    let mut part = (Content { meta: String::new(), body: Vec::new() }, version);
    part.0.meta = text(taken(&mut rest, meta)?)?;
    part.0.body = taken(&mut rest, body)?.to_vec();
    while !rest.is_empty() {
        if !matches!(rest[0], b'+' | 0) {
            return None;
        }
        let Some(left) = added(rest, &mut part) else { break };
        rest = left;
    }
    Some(part)
}

/// Applies an addition and gives what stands behind it.
fn added<'a>(bytes: &'a [u8], (content, version): &mut (Content, u64)) -> Option<&'a [u8]> {
    let (mut rest, numbers) = numbers(bytes, "+")?;
    let [next, meta, stays, added, expected] = numbers[..] else { return None };
    let (meta, added) = (taken(&mut rest, meta)?, taken(&mut rest, added)?);
    let stays = usize::try_from(stays).ok().filter(|stays| *stays <= content.body.len())?;
    if u64::from(crc(meta, added)) != expected {
        return None;
    }
    content.meta = text(meta)?;
    content.body.truncate(stays);
    content.body.extend_from_slice(added);
    *version = next;
    Some(rest)
}

/// The numbers of a line that begins with these words, and what stands behind the line.
fn numbers<'a>(bytes: &'a [u8], words: &str) -> Option<(&'a [u8], Vec<u64>)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let numbers = line.strip_prefix(words)?.strip_prefix(' ')?.split(' ').map(str::parse::<u64>);
    Some((&bytes[end + 1..], numbers.collect::<Result<_, _>>().ok()?))
}

fn taken<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn crc(meta: &[u8], added: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(meta);
    crc.update(added);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(meta: &str, body: &[u8]) -> Content {
        Content { meta: meta.to_owned(), body: body.to_vec() }
    }

    #[test]
    fn additions_lengthen_the_body_or_replace_it_and_a_torn_one_never_was() {
        let versions =
            [content("a", b"one\n"), content("b", b"one\ntwo"), content("", b"three"), content("d", b"")];
        let mut bytes = whole(1, &versions[0]);
        let mut ends = vec![bytes.len()];
        for (number, two) in (2..).zip(versions.windows(2)) {
            bytes.extend(addition(number, &two[0].body, &two[1]));
            ends.push(bytes.len());
        }
        for cut in ends[0]..=bytes.len() {
            let last = ends.iter().rposition(|end| *end <= cut).expect("the first is whole");
            let expected = Some((versions[last].clone(), last as u64 + 1));
            assert_eq!(parse(&bytes[..cut]), expected, "{cut}");
            // What the kernel had not written yet may be zeros.
            assert_eq!(
                parse(&[&bytes[..ends[last]], &vec![0; cut - ends[last]]].concat()),
                expected,
                "{cut}"
            );
        }
        let mut flipped = bytes.clone();
        flipped[ends[1] + 15] ^= 1;
        assert_eq!(parse(&flipped).map(|(_, version)| version), Some(2));
    }

    #[test]
    fn what_is_no_addition_makes_the_whole_unreadable() {
        let bytes = whole(4, &content("meta", b"body"));
        assert_eq!(parse(&bytes), Some((content("meta", b"body"), 4)));
        assert_eq!(parse(&[&bytes[..], b"more"].concat()), None);
        assert_eq!(parse(&bytes[..bytes.len() - 1]), None);
    }
}
