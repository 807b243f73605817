//! Formats, end to end: archives that arrive as a wheel, a zip, or a single file.

use std::fs;
use std::io::{Cursor, Read, Write};

use vx_base::package::Program;
use vx_base::trouble::Explain;
use vx_store::CancelToken;
use vx_store::report::InstallStep;

use super::setting::{Entry, Record, Setting, noise, tar_gz};

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
        config.parts[0].archive.strip = 0;
        config.programs =
            vec![Program { name: "tool".into(), path: "tool-1.0.data/scripts/tool".into(), runner: None }];
        let record = Record::default();
        let installed = setting.install_with(&config, &record, &Default::default()).expect("it installs").release;
        assert_eq!(fs::read(installed.path.join("lib/data")).expect("a file"), content);
        assert_eq!(record.steps(), [InstallStep::Downloading, InstallStep::Linking]);
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

#[test]
fn zips_written_to_a_pipe_are_unpacked_too() {
    for (stored, steps) in [
        (false, &[InstallStep::Downloading, InstallStep::Linking][..]),
        // The end of each entry is known only at the end of the archive.
        (true, &[InstallStep::Downloading, InstallStep::Extracting, InstallStep::Linking]),
    ] {
        for with_digest in [true, false] {
            let setting = Setting::new();
            let content = noise(3, 2_000_000);
            let archive = zip_of(stored, true, &content);
            let mut config = setting.serves("tool.zip", &archive);
            config.parts[0].archive.strip = 0;
            config.programs = vec![];
            if !with_digest {
                config.parts[0].archive.digest = None;
            }
            let record = Record::default();
            let installed = setting.install_with(&config, &record, &Default::default()).expect("it installs").release;
            assert_eq!(fs::read(installed.path.join("lib/data")).expect("a file"), content);
            assert_mode(&installed.path.join("tool-1.0.data/scripts/tool"), true);
            assert_eq!(record.steps(), steps);
            assert_eq!((setting.server.requests().len(), setting.cached().len()), (1, 1));
            setting.assert_no_staging();
        }
    }
}

#[test]
fn single_programs_are_installed_as_they_are_or_out_of_gzip() {
    let program = b"#!/bin/sh\necho tool\n";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(program).expect("memory");
    let packed = encoder.finish().expect("a gzip");
    for (file_name, archive) in [("tool-linux-amd64", &program[..]), ("tool-linux-amd64.gz", &packed[..])] {
        let setting = Setting::new();
        let mut config = setting.serves(file_name, archive);
        config.programs[0].path = "tool-linux-amd64".into();
        let installed = setting.install(&config).expect("it installs").release;
        let file = installed.program("tool").expect("a program");
        assert_eq!(fs::read(&file).expect("a file"), program);
        assert_mode(&file, true);
    }
}

/// In xz, in two streams.
fn xz(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    let stream = |bytes: &[u8]| {
        let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).expect("options");
        writer.write_all(bytes).expect("memory");
        writer.finish().expect("an xz stream")
    };
    [stream(first), stream(second)].concat()
}

/// In Zstandard, in two frames.
fn zstd(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    let frame = |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    [frame(first), frame(second)].concat()
}

/// The tar archive inside a release of about this size.
fn tar_of(size: usize) -> Vec<u8> {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&super::setting::release_of(size)[..]).read_to_end(&mut tar).expect("a gzip");
    tar
}

#[test]
fn tar_archives_are_unpacked_out_of_xz_and_zstandard() {
    let tar = tar_of(1_000_000);
    for (file_name, archive) in [("tool.tar.xz", xz(&tar)), ("tool.txz", xz(&tar)), ("tool.tar.zst", zstd(&tar))] {
        let setting = Setting::new();
        let config = setting.serves(file_name, &archive);
        let release = setting.install(&config).expect("it installs").release;
        assert_eq!(fs::read(release.path.join("lib/data")).expect("a file"), noise(1_000_000, 1_000_000));
        assert_mode(&release.path.join("bin/tool"), true);

        let cut = &archive[..archive.len() - 20];
        let setting = Setting::new();
        let mut config = setting.serves(file_name, cut);
        config.parts[0].archive.digest = None;
        setting.fails_saying(&config, &[file_name, "it is damaged"]);
    }
}

#[test]
fn an_archive_that_unpacks_beyond_its_limit_is_stopped_in_every_compression() {
    let zeros = vec![0; 300 << 20];
    for (file_name, archive) in [("tool.tar.xz", xz(&zeros)), ("tool.zst", zstd(&zeros))] {
        let setting = Setting::new();
        setting.fails_saying(&setting.serves(file_name, &archive), &["more than 200 times its size"]);
    }
}

#[test]
fn excluded_files_are_left_out_and_counted_nowhere() {
    let entries = [
        Entry::Program("package/bin/tool", b"tool"),
        Entry::File("package/README.md", b"text"),
        Entry::File("package/lib/README.md", b"text"),
        Entry::File("package/share/man/tool.1", b"text"),
        Entry::File("package/lib/code", b"code"),
    ];
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", &tar_gz(&entries));
    config.options.insert("exclude_patterns".into(), "*.md,share/man".into());
    let release = setting.install(&config).expect("it installs").release;
    assert_eq!((release.receipt.files, release.receipt.size_bytes), (2, 8));
    assert!(release.path.join("lib/code").exists() && !release.path.join("share").exists());
    assert!(!release.path.join("README.md").exists() && !release.path.join("lib/README.md").exists());

    config.force = true;
    config.options.insert("exclude_patterns".into(), "a[".into());
    let error = setting.install(&config).expect_err("it is no pattern");
    assert!(error.to_string().contains("exclude pattern `a[`"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("exclude_patterns")));
}

#[test]
fn formats_that_are_not_supported_are_named_before_anything_is_asked_for() {
    for file_name in ["tool.tar.bz2", "tool.deb", "tool.7z"] {
        let setting = Setting::new();
        let config = setting.serves(file_name, b"content");
        setting.fails_saying(&config, &[&format!("archive `{file_name}`"), "are not supported"]);
        assert_eq!(setting.server.requests().len(), 0);
    }
}

#[test]
fn an_archive_that_is_right_but_unusable_leaves_nothing() {
    let empty = super::setting::tar_gz(&[]);
    let hostile = {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..7].copy_from_slice(b"../evil");
        header.set_size(1);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, &b"x"[..]).expect("an entry");
        tar.into_inner().expect("a tar")
    };
    let nothing_stored = zip_of(true, true, b"x");
    let cases: [(&str, &[u8], &str); 6] = [
        ("tool.tgz", &empty, "it is empty"),
        ("tool.tar", &hostile, "`../evil` leaves its directory"),
        ("tool.zip", &nothing_stored[..nothing_stored.len() - 30], "it is damaged"),
        ("tool.whl", b"PK", "it is damaged"),
        ("tool.tgz", b"{\"error\": 1}", "it is JSON, not gzip"),
        ("tool.tgz", b"", "it is an empty file"),
    ];
    for (file_name, archive, says) in cases {
        let setting = Setting::new();
        let config = setting.serves(file_name, archive);
        setting.fails_saying(&config, &[file_name, says]);
        assert_eq!(setting.cached(), Vec::<String>::new(), "{file_name}: {says}");
        assert_eq!(setting.server.requests().len(), 1);
    }
}

#[test]
fn a_later_part_may_add_but_not_replace() {
    let first = tar_gz(&[Entry::Program("package/bin/tool", b"tool"), Entry::File("package/lib/a", b"1")]);
    let adds = tar_gz(&[Entry::File("package/lib/b", b"2")]);
    let replaces = tar_gz(&[Entry::File("package/lib/a", b"2")]);
    for (second, error) in [(&adds, None), (&replaces, Some("`lib/a` would replace `lib/a`"))] {
        let setting = Setting::new();
        let mut config = setting.serves("tool.tgz", &first);
        setting.server.serve("/more.tgz", crate::support::server::Reply::ok(&second[..]));
        config.parts.push(setting.part("more.tgz", second));
        match error {
            None => {
                let record = Record::default();
                let installed = setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");
                assert_eq!(installed.release.receipt.files, 3);
                assert_eq!(
                    record.steps(),
                    [InstallStep::Downloading, InstallStep::Linking],
                    "one download, however many parts"
                );
            }
            Some(text) => drop(setting.fails_saying(&config, &["`more.tgz`", text])),
        }
    }
}
