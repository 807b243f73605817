//! Archives that match their digest but cannot be installed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use tar::EntryType;

use super::*;
use crate::support::registry::archive::{Entry, script, tgz};

/// An entry that no honest program would write.
struct Raw<'a> {
    name: &'a [u8],
    kind: EntryType,
    link: &'a str,
    mode: u32,
    content: &'a [u8],
}

impl<'a> Raw<'a> {
    fn file(name: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { name: name.as_ref(), kind: EntryType::Regular, link: "", mode: 0o644, content: b"evil" }
    }

    fn special(name: &'a str, kind: EntryType, link: &'a str) -> Self {
        Self { name: name.as_bytes(), kind, link, mode: 0o777, content: b"" }
    }
}

/// A tar of the program `bin/bad` and these entries. The tar crate refuses to write such names, so the headers are
/// written here.
fn raw_tar(entries: &[Raw<'_>]) -> Vec<u8> {
    let program = Raw { mode: 0o755, content: b"#!/bin/sh\necho 1.0.0\n", ..Raw::file("x/bin/bad") };
    let mut tar = Vec::new();
    for entry in [&program].into_iter().chain(entries) {
        if entry.name.len() > 100 {
            append(&mut tar, b"././@LongLink", EntryType::GNULongName, "", 0o644, &[entry.name, b"\0"].concat());
        }
        append(&mut tar, &entry.name[..entry.name.len().min(100)], entry.kind, entry.link, entry.mode, entry.content);
    }
    tar.extend_from_slice(&[0; 1024]);
    tar
}

fn append(tar: &mut Vec<u8>, name: &[u8], kind: EntryType, link: &str, mode: u32, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().expect("a gnu header").name[..name.len()].copy_from_slice(name);
    header.as_gnu_mut().expect("a gnu header").linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_cksum();
    tar.extend_from_slice(header.as_bytes());
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Serve this archive at an address, under this name, and declare it as a tool of the project.
fn with_archive(sandbox: &Sandbox, file_name: &str, archive: &[u8]) {
    let path = format!("/files/{file_name}");
    sandbox.registry().server().serve(&path, Reply::ok(archive));
    let sha256 = crate::support::registry::digest(vx_base::digest::Algorithm::Sha256, archive).hex();
    let url = sandbox.registry().server().url(&path);
    sandbox.write(
        "vx.toml",
        &format!(
            "[tools]\nesbuild = \"0.27.0\"\n\
             bad = {{ version = \"1.0.0\", url = \"{url}\", sha256 = \"{sha256}\", strip = 1, bin = [\"bin/bad\"] }}\n"
        ),
    );
}

/// Check that the archive is refused with these texts and leaves nothing inside or outside of the store, and that a
/// good archive then installs.
fn refused(file_name: &str, archive: &[u8], says: &[&str]) {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    with_archive(&sandbox, file_name, archive);
    let before = outside(&sandbox);
    let finished = sync(&sandbox).fails_with("1 of 2 tools did not install: bad").says("hint: ");
    says.iter().fold(finished, |finished, text| finished.says(text));
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert_eq!(outside(&sandbox), before);
    sandbox.is_clean();

    let good = tgz(&[script("x/bin/bad", "1.0.0")]);
    sandbox.registry().know(&good);
    with_archive(&sandbox, "good.tgz", &good);
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("bad"), "1.0.0");
    sandbox.is_clean();
}

/// Files in the places that an archive must not touch.
fn outside(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    for place in [sandbox.root().to_owned(), sandbox.kept(), sandbox.project(), sandbox.root().join("user")] {
        let names = std::fs::read_dir(place).expect("a directory").flatten().map(|entry| entry.file_name());
        found.extend(names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains("evil")));
    }
    found
}

fn refused_entries(entries: &[Raw<'_>], says: &[&str]) {
    refused("bad.tar.gz", &gzip(&raw_tar(entries)), says);
}

#[test]
fn a_path_that_leaves_the_directory_is_refused() {
    refused_entries(&[Raw::file("x/../../../../evil")], &["`x/../../../../evil` leaves its directory"]);
    refused_entries(&[Raw::file("../evil")], &["`../evil` leaves its directory"]);
}

#[test]
fn an_absolute_path_is_refused() {
    refused_entries(&[Raw::file("/tmp/evil")], &["`/tmp/evil` has an absolute path"]);
}

#[test]
fn a_link_that_leaves_the_directory_is_refused() {
    let link = |target| Raw::special("x/link", EntryType::Symlink, target);
    refused_entries(&[link("/etc/passwd")], &["link `link` leads out of the release: `/etc/passwd`"]);
    refused_entries(&[link("../../evil")], &["leads out of the release"]);
    let through =
        [Raw::special("x/up", EntryType::Symlink, "."), Raw::special("x/out", EntryType::Symlink, "up/../..")];
    refused_entries(&through, &["link `out` leads out of the release"]);
    refused_entries(&[Raw::special("x/hard", EntryType::Link, "x/none")], &["leads out of the release"]);
    let below = [link("."), Raw::file("x/link/evil")];
    refused_entries(&below, &["would replace `link`"]);
}

#[test]
fn a_device_and_a_pipe_are_refused() {
    for (kind, says) in
        [(EntryType::Char, "is a device"), (EntryType::Block, "is a device"), (EntryType::Fifo, "a pipe")]
    {
        refused_entries(&[Raw::special("x/odd", kind, "")], &["`x/odd`", says]);
    }
}

#[test]
fn a_setuid_bit_is_dropped() {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    let archive = gzip(&raw_tar(&[Raw { mode: 0o6755, ..Raw::file("x/bin/root") }]));
    with_archive(&sandbox, "bad.tar.gz", &archive);
    sandbox.registry().know(&archive);
    sync(&sandbox).succeeds();
    let file = sandbox.kept().join("store/bad/1.0.0/bin/root");
    let mode = std::fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o7777, mode & 0o755, "{mode:o}");
    sandbox.is_clean();
}

#[test]
fn two_entries_of_one_name_are_refused() {
    refused_entries(&[Raw::file("x/lib/a"), Raw::file("x/lib/a")], &["entry `lib/a` would replace `lib/a`"]);
    refused_entries(&[Raw::file("x/lib"), Raw::file("x/lib/a")], &["would replace `lib`"]);
}

/// Tests on a file system that takes such names for the same: `crates/store/src/unpack/tests.rs`.
#[test]
fn names_that_differ_in_case_only_are_two_files_where_the_file_system_keeps_them_apart() {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    if sandbox.root().join("HOME").exists() {
        return crate::support::skipped::skipped("the file system of this machine takes such names for one");
    }
    let entries = [Raw::file("x/lib/a"), Raw::file("x/lib/A"), Raw::file("x/LIB/a")];
    let archive = gzip(&raw_tar(&entries));
    with_archive(&sandbox, "bad.tar.gz", &archive);
    sandbox.registry().know(&archive);
    sync(&sandbox).succeeds();
    let stored = sandbox.stored();
    for path in ["lib/a", "lib/A", "LIB/a"] {
        assert!(stored.contains(&format!("bad/1.0.0/{path}")), "{stored:?}");
    }
    sandbox.is_clean();
}

#[test]
fn names_that_are_too_long_or_no_text_are_refused() {
    let long = format!("x/{}", "n".repeat(256));
    refused_entries(&[Raw::file(&long)], &["has a name longer than 255 bytes"]);
    refused_entries(&[Raw::file(b"x/caf\xe9")], &["has a name that is not UTF-8"]);
    let deep = format!("x/{}", "d/".repeat(1100));
    refused_entries(&[Raw::file(&deep)], &["has a path longer than 2048 bytes"]);
}

#[test]
fn an_empty_archive_is_refused() {
    refused("bad.tar.gz", &gzip(&[0; 1024]), &["it is empty"]);
    refused("bad.tar.gz", b"", &["it is an empty file, not gzip"]);
    refused("bad.zip", &zip(&[]), &["it is empty"]);
}

#[test]
fn a_corrupt_archive_is_refused() {
    let good = tgz(&[script("x/bin/bad", "1.0.0"), Entry::file("x/lib", 0o644, vec![b'a'; 100_000])]);
    refused("bad.tgz", &good[..good.len() / 2], &["`bad.tgz`: it is damaged"]);
    let mut sum = good.clone();
    let at = sum.len() - 6;
    sum[at] ^= 1;
    refused("bad.tgz", &sum, &["`bad.tgz`: it is damaged"]);
    let whole = zip(&[("x/bin/bad", &[b'a'; 5000][..])]);
    refused("bad.zip", &whole[..whole.len() - 30], &["`bad.zip`: it is damaged"]);
    refused("bad.tgz", b"{\"error\": \"no such file\"}", &["it is JSON, not gzip"]);
    refused("bad.tgz", b"<html>no</html>", &["is a web page, not an archive"]);
}

#[test]
fn a_bomb_is_stopped_at_the_stated_limit() {
    // Declared: a zip with an entry whose header gives a size larger than any release may have.
    refused("bad.zip", &declaring(17 << 30), &["it unpacks to more than 17179869184 bytes"]);
    // Streamed: an archive that declares no size and unpacks to two hundred times its own.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().expect("a gnu header").name[..5].copy_from_slice(b"x/big");
    header.set_size(300 << 20);
    header.set_mode(0o644);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).expect("memory");
    let megabyte = vec![0; 1 << 20];
    (0..301).for_each(|_| encoder.write_all(&megabyte).expect("memory"));
    let bomb = encoder.finish().expect("memory");
    refused("bad.tar.gz", &bomb, &["it unpacks to more than 200 times its size (at entry `big`)"]);
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// A zip whose one entry declares this size, in the long form that sizes beyond 4 GiB need.
fn declaring(size_bytes: u64) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    let short = |value: u16| value.to_le_bytes();
    let number = |value: u32| value.to_le_bytes();
    bytes.extend([short(45), short(0), short(8), short(0), short(0)].concat());
    bytes.extend([number(0), number(u32::MAX), number(u32::MAX)].concat());
    bytes.extend([short(5), short(20)].concat());
    bytes.extend(b"x/big");
    bytes.extend([short(1), short(16)].concat());
    bytes.extend([size_bytes.to_le_bytes(), 1000_u64.to_le_bytes()].concat());
    bytes.extend([0; 1000]);
    bytes
}
