//! Archives in the tar format, just as much of it as images need.

const BLOCK_BYTES: usize = 512;

/// What stands in an archive under a name.
pub(crate) enum Entry<'a> {
    /// A folder, whose name ends in a slash.
    Folder { mode: u32 },
    /// A file with its contents.
    File { mode: u32, contents: &'a [u8] },
    /// A symbolic link.
    Link { to: &'a str },
}

/// An archive in the making; equal entries give equal bytes.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
}

impl Archive {
    /// Adds one entry; names are short, for no long form is written.
    pub(crate) fn add(&mut self, name: &str, entry: Entry<'_>) {
        let (kind, mode, contents, link) = match entry {
            Entry::Folder { mode } => (b'5', mode, &[][..], ""),
            Entry::File { mode, contents } => (b'0', mode, contents, ""),
            Entry::Link { to } => (b'2', 0o777, &[][..], to),
        };
        let mut header = Header([0; BLOCK_BYTES]);
        header.put(0, name.as_bytes());
        header.octal(100, 7, mode as usize);
        header.octal(108, 7, 0);
        header.octal(116, 7, 0);
        header.octal(124, 11, contents.len());
        header.octal(136, 11, 0);
        header.put(156, &[kind]);
        header.put(157, link.as_bytes());
        header.put(257, b"ustar\x0000");
        self.bytes.extend(header.summed());
        self.bytes.extend(contents);
        self.pad();
    }

    /// The finished archive: two empty blocks end it.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend([0; 2 * BLOCK_BYTES]);
        self.bytes
    }

    fn pad(&mut self) {
        let whole = self.bytes.len().next_multiple_of(BLOCK_BYTES);
        self.bytes.resize(whole, 0);
    }
}

struct Header([u8; BLOCK_BYTES]);

impl Header {
    fn put(&mut self, at: usize, field: &[u8]) {
        assert!(field.len() <= 100, "a name of more than 100 bytes does not fit");
        self.0[at..at + field.len()].copy_from_slice(field);
    }

    fn octal(&mut self, at: usize, digits: usize, value: usize) {
        self.put(at, format!("{value:0digits$o}").as_bytes());
    }

    /// With the checksum, which is taken while its own field holds blanks.
    fn summed(mut self) -> [u8; BLOCK_BYTES] {
        self.put(148, b"        ");
        let sum = self.0.iter().map(|byte| usize::from(*byte)).sum();
        self.octal(148, 6, sum);
        self.put(154, b"\0 ");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::run;

    #[test]
    fn the_systems_tar_reads_it() {
        let mut archive = Archive::default();
        archive.add("bin/", Entry::Folder { mode: 0o755 });
        archive.add("bin/a", Entry::File { mode: 0o755, contents: b"text" });
        archive.add("bin/b", Entry::Link { to: "a" });
        let path = std::env::temp_dir().join(format!("alertkube-tar-{}", std::process::id()));
        std::fs::write(&path, archive.finish()).unwrap();
        let listed = run::output(Command::new("tar").arg("-tvf").arg(&path));
        std::fs::remove_file(&path).unwrap();
        let lines: Vec<_> = listed.unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("drwxr-xr-x") && lines[1].contains(" 4 "), "{lines:?}");
        assert!(lines[2].ends_with("bin/b -> a"), "{lines:?}");
    }
}
