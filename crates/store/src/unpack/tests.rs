//! Hostile and broken archives.

mod zips;

use std::fs;
use std::io::{self, BufRead, Cursor, Write};
use std::path::Path;

use ::tar::{Builder, EntryType, Header};
use proptest::prelude::*;

use super::super::cancel::{CancelToken, CancelWatch};
use super::*;
use zips::zip_of;

/// An entry of an archive, as hostile as its fields allow.
#[derive(Clone, Debug)]
enum Member {
    File(&'static str, &'static [u8]),
    Folder(&'static str),
    Symlink(&'static str, &'static str),
    Hardlink(&'static str, &'static str),
    Special(EntryType, &'static str),
}

use Member::{File as F, Folder, Hardlink, Special, Symlink};

fn tar_of(entries: &[Member]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for entry in entries {
        let (kind, path, target, content): (_, _, _, &[u8]) = match *entry {
            F(path, content) => (EntryType::Regular, path, "", content),
            Folder(path) => (EntryType::Directory, path, "", b""),
            Symlink(path, target) => (EntryType::Symlink, path, target, b""),
            Hardlink(path, target) => (EntryType::Link, path, target, b""),
            Special(kind, path) => (kind, path, "", b""),
        };
        let mut header = Header::new_gnu();
        // The name is written directly, because the crate would refuse it.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o6755);
        header.set_cksum();
        builder.append(&header, content).expect("an entry");
    }
    builder.into_inner().expect("a tar")
}

struct Staged {
    top: tempfile::TempDir,
    tree: ReleaseTree,
}

fn staged(limits: UnpackLimits) -> Staged {
    staged_where(NameCase::Distinct, limits)
}

fn staged_where(case: NameCase, limits: UnpackLimits) -> Staged {
    let top = tempfile::tempdir().expect("a temporary directory");
    let root = top.path().join("release");
    fs::create_dir(&root).expect("a directory");
    let tree = ReleaseTree::new(root, case, limits, CancelWatch::new(CancelToken::new(), None)).expect("a directory");
    Staged { top, tree }
}

fn archive(file_name: &str) -> Unpacker<'_> {
    let format = Format::from_file_name(file_name).expect("a format");
    Unpacker { file_name, format, placement: Placement::new(0, "", &Excluded::default()).expect("a placement") }
}

fn unpack(file_name: &str, bytes: &[u8]) -> (Staged, Result<(), UnpackErrorKind>) {
    unpack_where(NameCase::Distinct, file_name, bytes)
}

fn unpack_where(case: NameCase, file_name: &str, bytes: &[u8]) -> (Staged, Result<(), UnpackErrorKind>) {
    let mut staged = staged_where(case, UnpackLimits::default());
    let result = archive(file_name).unpack(bytes, &mut staged.tree).map_err(|error| error.kind);
    let result = result.and_then(|()| staged.tree.finish().map(|_| ()));
    (staged, result)
}

/// Unpack, and expect an error that contains `text`; nothing may be created outside of the release.
fn refused(entries: &[Member], text: &str) {
    refused_where(NameCase::Distinct, entries, text);
}

/// The same on a file system that compares names in this way.
fn refused_where(case: NameCase, entries: &[Member], text: &str) {
    let (staged, result) = unpack_where(case, "a.tar", &tar_of(entries));
    let error = result.expect_err("it is refused").to_string();
    assert!(error.contains(text), "`{error}` does not contain `{text}`");
    assert_eq!(fs::read_dir(staged.top.path()).expect("a directory").count(), 1, "{entries:?}");
}

#[test]
fn entries_that_would_leave_the_release_are_refused_by_name() {
    refused(&[F("../evil", b"x")], "`../evil` leaves its directory");
    refused(&[F("a/../../evil", b"x")], "leaves its directory");
    refused(&[F("/tmp/evil", b"x")], "`/tmp/evil` has an absolute path");
    refused(&[Symlink("out", "/etc/passwd")], "link `out` leads out of the release: `/etc/passwd`");
    refused(&[Symlink("out", "../..")], "leads out");
    refused(&[Symlink("a/b/up", "../.."), Symlink("a/b/out", "up/../x")], "link `a/b/out` leads out");
    refused(&[Hardlink("passwd", "/etc/passwd")], "absolute path");
    refused(&[Hardlink("up", "../up")], "leaves its directory");
    refused(&[Hardlink("a", "not/there")], "no file of this archive");
}

#[test]
fn nothing_is_written_through_a_link_of_the_archive() {
    refused(&[Symlink("d", "."), F("d/evil", b"x")], "`d` would replace `d`");
    refused(&[Symlink("d", "../outside"), F("d/evil", b"x")], "would replace");
    refused(&[Symlink("f", "../evil"), F("f", b"x")], "`f` would replace `f`");
    refused(&[Symlink("l", "a"), Hardlink("h", "l")], "no file of this archive");
    refused(&[Symlink("d", "."), Folder("d")], "would replace");
}

#[test]
fn two_entries_in_one_place_are_refused() {
    for case in [NameCase::Distinct, NameCase::Folded] {
        refused_where(case, &[F("a", b"1"), F("a", b"2")], "`a` would replace `a`");
        refused_where(case, &[F("a", b"1"), F("a/b", b"2")], "`a` would replace `a`");
        refused_where(case, &[F("a/b", b"1"), F("a", b"2")], "`a` would replace `a`");
        let folders = tar_of(&[Folder("a"), Folder("a/"), F("a/b", b"1"), Folder("a")]);
        unpack_where(case, "a.tar", &folders).1.expect("a folder may be named twice");
    }
}

/// Archives with names that differ only in case, and the error where such names are the same.
const CASE_CLASHES: [([Member; 2], &str); 5] = [
    ([F("README", b"1"), F("readme", b"2")], "`readme` would replace `README`"),
    ([F("Lib/a", b"1"), F("lib/b", b"2")], "`lib` would replace `Lib`"),
    ([F("lib/a", b"1"), F("LIB/b", b"2")], "`LIB` would replace `lib`"),
    ([F("\u{c4}", b"1"), F("\u{e4}", b"2")], "would replace"),
    ([Symlink("d", "."), F("D/x", b"1")], "`D` would replace `d`"),
];

#[test]
fn names_that_differ_in_case_only_are_refused_where_they_are_one_name() {
    for (entries, text) in &CASE_CLASHES {
        refused_where(NameCase::Folded, entries, text);
    }
}

#[test]
fn names_that_differ_in_case_only_are_two_files_where_the_file_system_keeps_them_apart() {
    for (entries, _) in &CASE_CLASHES {
        let (staged, result) = unpack("a.tar", &tar_of(entries));
        if NameCase::around(staged.tree.root()).expect("an answer") == NameCase::Folded {
            return;
        }
        result.expect("it unpacks");
        assert_eq!(fs::read_dir(staged.tree.root()).expect("a directory").count(), 2, "{entries:?}");
        assert_eq!(staged.tree.manifest().len(), 2, "{entries:?}");
    }
}

#[test]
fn entries_of_other_kinds_are_refused_by_name() {
    refused(&[Special(EntryType::Char, "null")], "`null` is a device");
    refused(&[Special(EntryType::Block, "sda")], "`sda` is a device");
    refused(&[Special(EntryType::Fifo, "pipe")], "`pipe` is a pipe");
    refused(&[Special(EntryType::GNUSparse, "sparse")], "a sparse file");
    refused(&[Special(EntryType::new(b'?'), "odd")], "of a kind that is not known");
}

#[cfg(unix)]
#[test]
fn modes_are_kept_but_setuid_is_dropped() {
    use std::os::unix::fs::PermissionsExt;

    let (staged, result) = unpack("a.tar", &tar_of(&[F("su", b"x"), Hardlink("again", "su"), Symlink("s", "su")]));
    result.expect("it unpacks");
    let mode = fs::metadata(staged.tree.root().join("again")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o7700, 0o700, "{mode:o}");
    assert_eq!(fs::read(staged.tree.root().join("s")).expect("a link to a file"), b"x");
}

#[test]
fn long_names_are_read_and_too_long_ones_refused() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    header.set_mode(0o644);
    builder.append_data(&mut header, &long, &b"x"[..]).expect("an entry");
    let (staged, result) = unpack("a.tar", &builder.into_inner().expect("a tar"));
    result.expect("it unpacks");
    assert!(staged.tree.root().join(&long).is_file());

    // This record's size is larger than any memory.
    for kind in [EntryType::GNULongName, EntryType::XHeader] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(1 << 40);
        header.set_mode(0o644);
        header.set_cksum();
        let (_, result) = unpack("a.tar", header.as_bytes());
        assert!(result.expect_err("it is refused").to_string().contains("longer than 256 KiB"));
    }
}

#[test]
fn pax_records_name_entries_and_do_not_get_round_the_rules() {
    let with = |records: &[(&str, &[u8])]| {
        let mut builder = Builder::new(Vec::new());
        builder.append_pax_extensions(records.iter().copied()).expect("records");
        builder.into_inner().expect("a tar")[..1024].to_vec()
    };
    let file = tar_of(&[F("harmless", b"x")]);
    let (staged, result) = unpack("a.tar", &[with(&[("path", b"b\xc3\xa4r")]), file.clone()].concat());
    result.expect("it unpacks");
    assert!(staged.tree.root().join("b\u{e4}r").is_file());
    for (key, value, text) in [
        ("path", &b"../evil"[..], "leaves its directory"),
        ("size", b"2", "two sizes"),
        ("GNU.sparse.major", b"1", "a sparse file"),
    ] {
        let (_, result) = unpack("a.tar", &[with(&[(key, value)]), file.clone()].concat());
        let error = result.expect_err("it is refused").to_string();
        assert!(error.contains(text), "{error}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("a gzip")
}

#[test]
fn archives_that_grow_beyond_the_limits_are_stopped() {
    static ZEROS: [u8; 4_000_000] = [0; 4_000_000];
    let bytes = gzip(&tar_of(&[F("zeros", &ZEROS)]));
    let trailing = gzip(&[&tar_of(&[F("small", b"x")])[..], &ZEROS].concat());
    let zip = zip_of(&[("zeros", &ZEROS)], false);
    let generous = UnpackLimits { bytes: 1 << 40, entries: 100, ratio: 1 << 40, ratio_from_bytes: 0 };
    for (limits, text) in [
        (UnpackLimits { bytes: 1_000_000, ..generous }, "1000000 bytes"),
        (UnpackLimits { ratio: 10, ratio_from_bytes: 100_000, ..generous }, "10 times its size"),
    ] {
        for (name, bytes) in [("a.tgz", &bytes), ("b.tgz", &trailing), ("c.zip", &zip)] {
            let mut staged = staged(limits);
            let error = archive(name).unpack(&bytes[..], &mut staged.tree).expect_err("it is stopped").to_string();
            assert!(error.contains(text), "{name}: {error}");
            let written = fs::metadata(staged.tree.root().join("zeros")).map_or(0, |file| file.len());
            assert!(written <= 1_300_000, "{name}: {written}");
        }
    }
    let mut staged = staged(UnpackLimits { entries: 2, ..generous });
    let many = tar_of(&[F("a", b""), F("b", b""), F("c", b"")]);
    let error = archive("a.tar").unpack(&many[..], &mut staged.tree).expect_err("it is stopped").to_string();
    assert!(error.contains("2 entries"), "{error}");
}

/// Content that can return any piece, and records the requested sizes.
struct RecordedPieces<'a> {
    rest: &'a [u8],
    wanted: &'a mut Vec<Option<usize>>,
}

impl Pieced for RecordedPieces<'_> {
    fn piece(&mut self, wanted: Option<usize>) -> io::Result<&[u8]> {
        self.wanted.push(wanted);
        Ok(&self.rest[..self.rest.len().min(wanted.unwrap_or(100_000))])
    }
}

impl BufRead for RecordedPieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.piece(None)
    }
    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

impl io::Read for RecordedPieces<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("files are written from where they were unpacked")
    }
}

#[test]
fn a_large_file_is_written_in_pieces_that_end_at_multiples_of_their_size() {
    let Staged { top: _top, mut tree } = staged(UnpackLimits::default());
    let placement = Placement::new(0, "", &Excluded::default()).expect("a placement");
    let (content, mut wanted) = (vec![b'x'; 600_000], Vec::new());
    let path = placement.place(b"large").expect("a path").expect("one that is left");
    tree.file(&path, 0o644, Some(600_000), RecordedPieces { rest: &content, wanted: &mut wanted }).expect("written");
    assert_eq!(wanted, [Some(262_144), Some(262_144), None, None]);
    assert_eq!(fs::read(tree.root().join("large")).expect("a file"), content);
}

#[test]
fn a_download_that_is_the_program_itself_does_not_count_as_one_that_grew() {
    let limits = UnpackLimits { ratio: 2, ratio_from_bytes: 1000, ..UnpackLimits::default() };
    let mut staged = staged(limits);
    let placement = Placement::new(0, "", &Excluded::default()).expect("a placement");
    let program = Unpacker { file_name: "program", format: Format::Plain, placement };
    let content = [7; 5000];
    let bytes = io::BufReader::with_capacity(400, &content[..]);
    program.unpack(bytes, &mut staged.tree).expect("it is as large as its download");
}

#[test]
fn a_size_that_is_only_declared_is_refused_before_anything_is_written() {
    let mut header = Header::new_gnu();
    header.set_path("huge").expect("a path");
    header.set_size(1 << 50);
    header.set_mode(0o644);
    header.set_cksum();
    let (staged, result) = unpack("a.tar", header.as_bytes());
    assert!(result.expect_err("it is refused").to_string().contains("(at entry `huge`)"));
    assert!(!staged.tree.root().join("huge").exists());
}

#[test]
fn archives_cut_short_anywhere_are_damaged_or_empty_and_never_whole() {
    let tgz = gzip(&tar_of(&[F("a", &[7; 2000]), F("b", b"2")]));
    let zip = zip_of(&[("a", &[7; 2000]), ("b", b"2")], false);
    for (name, bytes) in [("a.tgz", &tgz), ("a.zip", &zip)] {
        for end in 0..bytes.len() {
            let (_, result) = unpack(name, &bytes[..end]);
            // Only the length of the comment may be missing: by then the directory has been read.
            let harmless = name == "a.zip" && end + 18 >= bytes.len();
            assert!(result.is_err() || harmless, "{name} cut at {end} of {}", bytes.len());
        }
        unpack(name, bytes).1.expect("the whole one unpacks");
    }
}

#[test]
fn empty_archives_are_named() {
    for (name, bytes) in [("a.tar", tar_of(&[])), ("a.zip", zip_of(&[], false)), ("a.tgz", gzip(&tar_of(&[])))] {
        let error = unpack(name, &bytes).1.expect_err("it is refused").to_string();
        assert!(error.contains("empty"), "{name}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No archive, however hostile or broken, creates anything beside the release, or a link in it that leads out.
    #[test]
    fn no_archive_creates_anything_outside(
        entries in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![F("a", b"1"), F("a/b", b"2"), F("../x", b"3"), F("l/x", b"4"), F("d/l/x", b"5")]),
                prop::sample::select(vec![Folder("d"), Folder("l"), Folder("d/l/e"), Folder("..")]),
                prop::sample::select(vec![Symlink("l", ".."), Symlink("l", "d"), Symlink("d/l", ".."), Symlink("d/l", "../..")]),
                prop::sample::select(vec![Symlink("a", "l/.."), Symlink("m", "d/l/.."), Hardlink("h", "l"), Hardlink("h", "a")]),
            ],
            0..7,
        ),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = tar_of(&entries);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let (staged, result) = unpack("a.tar", &bytes);
        prop_assert_eq!(fs::read_dir(staged.top.path()).expect("a directory").count(), 1);
        if result.is_ok() {
            let top = staged.tree.root().canonicalize().expect("a directory");
            for link in ["l", "d/l", "a", "m"] {
                if let Ok(real) = staged.tree.root().join(link).canonicalize() {
                    prop_assert!(real.starts_with(&top), "{link} leads to {real:?}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600), zip in any::<bool>()) {
        if zip && bytes.len() > 4 {
            bytes[..4].copy_from_slice(b"PK\x03\x04");
        }
        for name in ["a.zip", "a.tgz", "a.tar"] {
            let (staged, _) = unpack(name, &bytes);
            prop_assert_eq!(fs::read_dir(staged.top.path()).expect("a directory").count(), 1);
        }
    }
}
