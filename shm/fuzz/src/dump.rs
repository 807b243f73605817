//! A whole file: a board or a dump of any bytes, as they are, and again with correct checksums.

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_shm::layout::LONGEST_BYTES;
use vx_shm::{Reader, Snapshot};

use super::check;
use super::scratch::{Scratch, choice, facts_of, replace, with_facts};

/// Open a file with these bytes as a board.
pub fn dump(bytes: &[u8]) {
    thread_local!(static CHECK: RefCell<FileCheck> = RefCell::new(FileCheck::new()));
    CHECK.with_borrow_mut(|files| {
        files.open(bytes);
        if let Some(sealed) = sealed(bytes) {
            files.open(&sealed);
        }
    });
}

/// The same file with correct checksums, so that the checks after them are reached.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut facts = facts_of(bytes)?;
    let body = bytes.get(192..usize::try_from(facts.length.min(LONGEST_BYTES)).ok()?);
    facts.body_crc = crc32fast::hash(body.unwrap_or_default());
    let mut bytes = bytes.to_vec();
    with_facts(&mut bytes, &facts);
    Some(bytes)
}

struct FileCheck {
    mapped: (File, PathBuf),
    copied: (File, PathBuf),
    out: PathBuf,
    _scratch: Scratch,
}

impl FileCheck {
    fn new() -> Self {
        let scratch = Scratch::new();
        let file = |name, mode| (scratch.file(name, mode, &[]), scratch.path(name));
        Self {
            mapped: file("mapped", 0o600),
            copied: file("copied", 0o666),
            out: scratch.path("out"),
            _scratch: scratch,
        }
    }

    fn open(&mut self, bytes: &[u8]) {
        let choice = choice(bytes);
        let (file, path) = if choice.is_multiple_of(4) { &self.copied } else { &self.mapped };
        replace(file, bytes);
        match Reader::open(path) {
            Ok(mut reader) => exercise(&mut reader, (choice % 32 < 4).then_some(&*self.out)),
            Err(refused) => {
                let text = refused.to_string();
                assert!(text.len() < 2000 && !text.chars().any(char::is_control), "{text:?}");
            }
        }
    }
}

/// Call every method of a reader.
fn exercise(reader: &mut Reader, out: Option<&Path>) {
    let mut snapshot = Snapshot::default();
    for _ in 0..2 {
        if reader.refresh(&mut snapshot).is_err() {
            return;
        }
        check(&snapshot);
    }
    assert!(reader.poll() <= reader.numbers().len() && reader.poll() == 0);
    for slot in [0, 1, snapshot.board.capacity.saturating_sub(1), u32::MAX] {
        let lines = reader.log_tail(slot, 10);
        assert!(lines.len() <= 10 && lines.iter().all(|line| !line.contains('\n')));
    }
    reader.wait_change(Duration::ZERO);
    let _ = (reader.closed(), reader.closed_unix_ns(), reader.is_dump());
    if let Some(out) = out {
        vx_shm::dump::write(reader, out).expect("what can be read can be dumped");
        // If regions overlap, a dump of the dump may lose the content of one of them, but nothing else.
        if let Ok(mut again) = Reader::open(out) {
            check(&again.snapshot().unwrap_or_default());
        }
    }
}
