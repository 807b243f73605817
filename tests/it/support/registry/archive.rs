//! Archives made in memory from a list of files.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

/// A file of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    pub(crate) fn file(path: &str, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), mode, bytes: bytes.into() }
    }
}

/// A program that prints a version when asked for it, and runs any script that it is given.
pub(crate) fn script(path: &str, version: &str) -> Entry {
    let text = format!("#!/bin/sh\ncase \"$1\" in *.js|*.cjs) exec /bin/sh \"$@\" ;; *) echo \"{version}\" ;; esac\n");
    Entry::file(path, 0o755, text)
}

/// A file that can't be compressed; the same length always gives the same bytes.
pub(crate) fn filler(path: &str, length_bytes: usize) -> Entry {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length_bytes + 8);
    while bytes.len() < length_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length_bytes);
    Entry::file(path, 0o644, bytes)
}

/// A gzip-compressed tar archive, as npm serves them.
pub(crate) fn tgz(entries: &[Entry]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode);
        header.set_mtime(499_162_500);
        archive.append_data(&mut header, &entry.path, entry.bytes.as_slice()).expect("an entry is written to memory");
    }
    archive.into_inner().and_then(GzEncoder::finish).expect("an archive is finished in memory")
}

/// A zip archive, as wheels are.
pub(crate) fn wheel(entries: &[Entry]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default().unix_permissions(entry.mode);
        archive.start_file(&entry.path, options).expect("an entry begins in memory");
        archive.write_all(&entry.bytes).expect("an entry is written to memory");
    }
    archive.finish().expect("an archive is finished in memory").into_inner()
}
