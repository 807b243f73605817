//! Zips, read as they arrive or by their directory.

use super::*;

pub(super) fn zip_of(entries: &[(&str, &[u8])], stored: bool) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = if stored { ::zip::CompressionMethod::Stored } else { ::zip::CompressionMethod::Deflated };
    let options = ::zip::write::SimpleFileOptions::default().compression_method(method).unix_permissions(0o755);
    for (name, content) in entries {
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("a zip").into_inner()
}

/// Replace a name everywhere in an archive by another of the same length.
fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(from.len()).position(|window| window == from.as_bytes()) {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn zip_entries_that_would_leave_the_release_are_refused_both_ways() {
    let zip = zip_of(&[("xx/evil", b"x"), ("second", b"y")], true);
    for (to, text) in [("../evil", "leaves its directory"), ("/x/evil", "absolute"), ("x\\xevil", "backslash")] {
        let hostile = renamed(&zip, "xx/evil", to);
        let (staged, result) = unpack("a.zip", &hostile);
        assert!(result.expect_err("it is refused").to_string().contains(text));
        assert_eq!(fs::read_dir(staged.top.path()).expect("a directory").count(), 1);
        let error = unpack_by_directory(&hostile).1.expect_err("it is refused").to_string();
        assert!(error.contains(text), "{error}");
    }
    let twice = renamed(&zip_of(&[("first1", b"x"), ("second", b"y")], true), "first1", "Second");
    let folded = unpack_where(NameCase::Folded, "a.zip", &twice).1.expect_err("it is refused").to_string();
    assert!(folded.contains("would replace"), "{folded}");
    let folded = unpack_by_directory_where(NameCase::Folded, &twice).1.expect_err("it is refused").to_string();
    assert!(folded.contains("would replace"), "{folded}");
}

fn unpack_by_directory(bytes: &[u8]) -> (Staged, Result<(), UnpackErrorKind>) {
    unpack_by_directory_where(NameCase::Distinct, bytes)
}

fn unpack_by_directory_where(case: NameCase, bytes: &[u8]) -> (Staged, Result<(), UnpackErrorKind>) {
    let mut staged = staged_where(case, UnpackLimits::default());
    let path = staged.top.path().join("a.zip");
    fs::write(&path, bytes).expect("a file");
    let file = File::open(&path).expect("a file");
    let result = archive("a.zip").unpack_file(file, &mut staged.tree).map_err(|error| error.kind);
    let result = result.and_then(|()| staged.tree.finish().map(|_| ()));
    (staged, result)
}

#[test]
fn a_zip_whose_directory_differs_is_read_by_its_directory() {
    let zip = zip_of(&[("shown", b"x"), ("other", b"y")], true);
    // The header has another name than the directory, whose name counts.
    let at = zip.windows(5).position(|window| window == b"shown").expect("a header");
    let mut cloaked = zip.clone();
    cloaked[at..at + 5].copy_from_slice(b"cloak");
    let (_, result) = unpack("a.zip", &cloaked);
    assert!(matches!(result, Err(UnpackErrorKind::NotStreamable(_))), "{result:?}");
    let (staged, result) = unpack_by_directory(&cloaked);
    result.expect("it unpacks");
    assert!(staged.tree.root().join("shown").is_file() && !staged.tree.root().join("cloak").exists());

    // A program precedes the archive, as in self-extracting archives.
    let (_, result) = unpack("a.zip", &[b"#!/bin/sh\nexit\n", &zip[..]].concat());
    assert!(matches!(result, Err(UnpackErrorKind::NotStreamable(_))), "{result:?}");
    unpack_by_directory(&[b"#!/bin/sh\nexit\n", &zip[..]].concat()).1.expect("it unpacks");
}

#[test]
fn a_zip_entry_that_does_not_match_its_checksum_is_damaged() {
    for stored in [true, false] {
        let mut zip = zip_of(&[("a", &[b'q'; 300])], stored);
        // The checksum is in the header and in the directory, 4 bytes each.
        let crc = zip[14..18].to_vec();
        while let Some(at) = zip.windows(4).position(|window| window == &crc[..]) {
            zip[at] ^= 1;
        }
        let error = unpack("a.zip", &zip).1.expect_err("it is damaged").to_string();
        assert!(error.contains("checksum"), "{error}");
        unpack_by_directory(&zip).1.expect_err("it is damaged");
    }
}

#[cfg(unix)]
#[test]
fn links_in_zips_are_links_and_may_not_lead_outside() {
    let link = |target: &str| {
        let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = ::zip::write::SimpleFileOptions::default();
        writer.start_file("lib/real", options).expect("an entry");
        writer.write_all(b"real").expect("content");
        writer.add_symlink("lib/link", target, options).expect("a link");
        writer.finish().expect("a zip").into_inner()
    };
    for unpacked in [unpack("a.zip", &link("real")), unpack_by_directory(&link("real"))] {
        unpacked.1.expect("it unpacks");
        let path = unpacked.0.tree.root().join("lib/link");
        assert_eq!(fs::read_link(path).expect("a link"), Path::new("real"));
    }
    for result in [unpack("a.zip", &link("../../x")).1, unpack_by_directory(&link("../../x")).1] {
        assert!(result.expect_err("it is refused").to_string().contains("leads out"));
    }
}

#[test]
fn encrypted_and_oddly_compressed_entries_are_named() {
    let zip = zip_of(&[("a", b"x")], true);
    let directory = zip.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    for (offset, value, text) in [(6, 1, "`a` is encrypted"), (8, 93, "a method that is not supported")] {
        let mut odd = zip.clone();
        (odd[offset], odd[directory + offset + 2]) = (value, value);
        let error = unpack("a.zip", &odd).1.expect_err("it is refused").to_string();
        assert!(error.contains(text), "{error}");
        unpack_by_directory(&odd).1.expect_err("it is refused");
    }
}
