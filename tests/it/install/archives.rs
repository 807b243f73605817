//! Formats, end to end: what comes over the network as a wheel, a zip, or a single file.

use std::fs;
use std::io::{Cursor, Write};

use vx::config::Program;
use vx::report::Phase;

use super::setting::{Record, Setting, noise};

/// A zip with a program, a larger file and a folder; written to something that cannot seek when `streamed`.
fn zip_of(stored: bool, streamed: bool, content: &[u8]) -> Vec<u8> {
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn fill<W: Write + std::io::Seek>(mut zip: ZipWriter<W>, stored: bool, content: &[u8]) -> W {
        let method = if stored { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method);
        zip.add_directory("tool-1.0.data/", options).expect("a folder");
        zip.start_file("tool-1.0.data/scripts/tool", options.unix_permissions(0o755)).expect("an entry");
        zip.write_all(b"#!/bin/sh\necho tool\n").expect("content");
        zip.start_file("lib/data", options).expect("an entry");
        zip.write_all(content).expect("content");
        zip.finish().expect("a zip")
    }

    if streamed {
        let writer = fill(ZipWriter::new_stream(Vec::new()), stored, content);
        writer.into_inner()
    } else {
        fill(ZipWriter::new(Cursor::new(Vec::new())), stored, content).into_inner()
    }
}

#[test]
fn wheels_are_unpacked_while_they_are_received() {
    for content in [noise(1, 3_000_000), vec![7; 3_000_000], noise(2, 1000)] {
        let setting = Setting::new();
        let wheel = zip_of(false, false, &content);
        let mut config = setting.serves("tool-1.0-py3-none-any.whl", &wheel);
        config.parts[0].strip = 0;
        config.programs =
            vec![Program { name: "tool".into(), path: "tool-1.0.data/scripts/tool".into(), runner: None }];
        let record = Record::default();
        let installed = setting.install_with(&config, &record, &Default::default()).expect("it installs").release;
        assert_eq!(fs::read(installed.path.join("lib/data")).expect("a file"), content);
        assert_eq!(record.phases(), [Phase::Downloading, Phase::Linking, Phase::Linking]);
        assert_mode(&installed.path.join("tool-1.0.data/scripts/tool"), true);
        assert_mode(&installed.path.join("lib/data"), false);
    }
}

#[cfg(unix)]
fn assert_mode(path: &std::path::Path, executable: bool) {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o100 != 0, executable, "{mode:o}");
}

#[cfg(not(unix))]
fn assert_mode(_: &std::path::Path, _: bool) {}
