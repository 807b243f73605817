//! The routes of one directory as they were found, and their encoding in the [`format`](super::format) of the file.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::format::{CHECKED_FROM, HEADER_BYTES, LONGEST_BYTES, MAGIC, RECORD_BYTES, WitnessKind, hash};
use super::stamp::StampedFile;

/// The routes of one directory, with everything that they depend on.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The directory, by the path that the system gives.
    pub directory: PathBuf,
    /// The files that the routes depend on.
    pub witnesses: Vec<StampedFile>,
    /// The variables that the routes depend on, with their values.
    pub conditions: Vec<(&'static str, Option<OsString>)>,
    /// The programs.
    pub programs: Vec<ProgramRoute>,
    /// Variables to set for every program.
    pub exports: Vec<(String, String)>,
}

/// A program with its route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRoute {
    /// The name that people type.
    pub name: String,
    /// The file to run.
    pub file: PathBuf,
    /// The folders to put in front of the search path.
    pub search: OsString,
}

impl Draft {
    /// The bytes of the file; `None` if there would be too many, or if a text contains a zero byte.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let counts = [self.witnesses.len(), self.conditions.len(), self.programs.len(), self.exports.len()];
        let records: usize = counts.iter().zip(RECORD_BYTES).map(|(count, size)| count * size).sum();
        let mut bytes = RouteFileBuilder { head: Vec::new(), texts: Vec::new(), texts_from: HEADER_BYTES + records };
        bytes.words([MAGIC, 0, 0]);
        bytes.text(self.directory.as_os_str())?;
        let mut offset = HEADER_BYTES;
        for (count, size) in counts.iter().zip(RECORD_BYTES) {
            bytes.pair(offset, *count)?;
            offset += count * size;
        }
        self.records(&mut bytes)?;
        bytes.finish()
    }

    fn records(&self, bytes: &mut RouteFileBuilder) -> Option<()> {
        for StampedFile { path, stamp, kind } in &self.witnesses {
            bytes.text(path.as_os_str())?;
            bytes.words([match kind {
                WitnessKind::File => u64::from(stamp.is_some()),
                WitnessKind::Directory => 2,
                WitnessKind::Name => 3,
            }]);
            bytes.words(stamp.unwrap_or_default());
        }
        for (name, value) in &self.conditions {
            bytes.text(OsStr::new(name))?;
            let hash = value.as_ref().map(|value| hash(value.as_encoded_bytes()));
            bytes.words([u64::from(hash.is_some()), hash.unwrap_or_default()]);
        }
        for program in &self.programs {
            bytes.text(OsStr::new(&program.name))?;
            bytes.text(program.file.as_os_str())?;
            bytes.text(&program.search)?;
        }
        self.exports.iter().try_for_each(|(name, value)| bytes.text(OsStr::new(&format!("{name}={value}"))))
    }
}

/// Records, followed by the texts that they point to.
struct RouteFileBuilder {
    head: Vec<u8>,
    texts: Vec<u8>,
    texts_from: usize,
}

impl RouteFileBuilder {
    fn words<const N: usize>(&mut self, words: [u64; N]) {
        words.iter().for_each(|word| self.head.extend(word.to_le_bytes()));
    }

    fn pair(&mut self, first: usize, second: usize) -> Option<()> {
        for number in [first, second] {
            self.head.extend(u32::try_from(number).ok()?.to_le_bytes());
        }
        Some(())
    }

    /// Append a pointer to a text, and the text itself unless it is there already.
    fn text(&mut self, text: &OsStr) -> Option<()> {
        let bytes = text.as_encoded_bytes();
        if bytes.contains(&0) {
            return None;
        }
        let ended = [bytes, b"\0"].concat();
        let at = self.texts.windows(ended.len()).position(|window| window == ended).unwrap_or_else(|| {
            self.texts.extend(&ended);
            self.texts.len() - ended.len()
        });
        self.pair(self.texts_from + at, bytes.len())
    }

    fn finish(self) -> Option<Vec<u8>> {
        let mut bytes = self.head;
        bytes.extend(self.texts);
        let length = bytes.len() as u64;
        bytes[8..16].copy_from_slice(&length.to_le_bytes());
        let checksum = hash(&bytes[CHECKED_FROM..]);
        bytes[16..24].copy_from_slice(&checksum.to_le_bytes());
        (bytes.len() <= LONGEST_BYTES).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{RouteFile, WitnessStamp};
    use super::*;

    fn file(path: &str, stamp: WitnessStamp) -> StampedFile {
        StampedFile { path: path.into(), stamp, kind: WitnessKind::File }
    }

    fn draft() -> Draft {
        Draft {
            directory: "/home/project".into(),
            witnesses: vec![
                file("/home/project/vx.toml", Some([1, 2, 3, 4, 5])),
                file("/home/vx.toml", None),
                StampedFile { path: "/home/project/in".into(), stamp: Some([6; 5]), kind: WitnessKind::Directory },
                StampedFile { path: "/home/project/in/vx.toml".into(), stamp: None, kind: WitnessKind::Name },
            ],
            conditions: vec![("VX_HOME", Some("/home/vx".into())), ("HOME", None)],
            programs: vec![
                ProgramRoute {
                    name: "node".into(),
                    file: "/s/node/bin/node".into(),
                    search: "/s/node/bin:/s/uv/bin".into(),
                },
                ProgramRoute { name: "uv".into(), file: "/s/uv/bin/uv".into(), search: "/s/node/bin:/s/uv/bin".into() },
            ],
            exports: vec![("MODE".into(), "test".into())],
        }
    }

    fn stamps(path: &[u8]) -> WitnessStamp {
        (path == b"/home/project/vx.toml\0").then_some([1, 2, 3, 4, 5])
    }

    fn variables(name: &[u8]) -> Option<u64> {
        (name == b"VX_HOME").then(|| hash(b"/home/vx"))
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = draft().encode().expect("short enough");
        let cache = RouteFile::checked(&bytes).expect("whole");
        assert_eq!(cache.directory(), Some(&b"/home/project"[..]));
        assert!(cache.holds(stamps, variables));
        let uv = cache.program(b"uv").expect("a program");
        assert_eq!((uv.file, uv.search), (&b"/s/uv/bin/uv\0"[..], &b"/s/node/bin:/s/uv/bin"[..]));
        assert!(cache.program(b"npm").is_none());
        assert_eq!(cache.exports().collect::<Vec<_>>(), [b"MODE=test\0"]);
    }

    #[test]
    fn any_change_of_what_it_depends_on_is_seen() {
        let bytes = draft().encode().expect("short enough");
        let cache = RouteFile::checked(&bytes).expect("whole");
        for word in 0..5 {
            let changed = |path: &[u8]| {
                let mut stamp = stamps(path)?;
                stamp[word] += 1;
                Some(stamp)
            };
            assert!(!cache.holds(changed, variables), "word {word}");
        }
        assert!(!cache.holds(|_| None, variables), "a file that is gone");
        assert!(!cache.holds(|path| stamps(path).or(Some([0; 5])), variables), "a file that is new");
        assert!(!cache.holds(stamps, |_| None), "a variable that is gone");
        assert!(!cache.holds(stamps, |name| variables(name).or(Some(hash(b"/root")))), "a variable that is new");
        assert!(!cache.holds(stamps, |name| variables(name).map(|_| hash(b"/other"))), "a variable that changed");
    }

    #[test]
    fn damaged_bytes_are_no_cache() {
        let bytes = draft().encode().expect("short enough");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(RouteFile::checked(&damaged).is_none(), "byte {at}");
            assert!(RouteFile::checked(&bytes[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn forged_tables_are_read_without_harm() {
        // A right checksum over wrong contents may give wrong results, but nothing worse.
        let bytes = draft().encode().expect("short enough");
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut forged = bytes.clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = CHECKED_FROM + (seed >> 33) as usize % (bytes.len() - CHECKED_FROM);
                forged[at] = (seed >> 24) as u8;
            }
            let checksum = hash(&forged[CHECKED_FROM..]);
            forged[16..24].copy_from_slice(&checksum.to_le_bytes());
            let cache = RouteFile::checked(&forged).expect("its checksum is right");
            let _ = (cache.directory(), cache.program(b"uv").is_some(), cache.exports().count());
            cache.holds(stamps, variables);
        }
    }

    #[test]
    fn texts_that_no_path_can_have_are_not_written() {
        let draft = Draft { directory: "/a\0b".into(), ..draft() };
        assert!(draft.encode().is_none());
    }
}
