//! The format of an archive: its file name says which, and its first bytes must agree.

use std::io::BufRead;

use super::error::UnpackErrorKind;

/// A format that vx unpacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// tar in gzip.
    TarGz,
    /// tar in xz.
    TarXz,
    /// tar in Zstandard.
    TarZst,
    /// tar without compression.
    Tar,
    /// zip, including wheels.
    Zip,
    /// One file in gzip.
    Gz,
    /// One file in xz.
    Xz,
    /// One file in Zstandard.
    Zst,
    /// One file without compression.
    Plain,
}

const ENDINGS: [(&str, Format); 12] = [
    (".tar.gz", Format::TarGz),
    (".tgz", Format::TarGz),
    (".tar.xz", Format::TarXz),
    (".txz", Format::TarXz),
    (".tar.zst", Format::TarZst),
    (".tzst", Format::TarZst),
    (".tar", Format::Tar),
    (".zip", Format::Zip),
    (".whl", Format::Zip),
    (".gz", Format::Gz),
    (".xz", Format::Xz),
    (".zst", Format::Zst),
];

/// Archives that must not be installed as programs.
const UNSUPPORTED: [&str; 11] =
    [".tar.bz2", ".tbz2", ".tbz", ".bz2", ".7z", ".rar", ".deb", ".rpm", ".dmg", ".msi", ".pkg"];

impl Format {
    /// Choose the format by the file name; a name without a known ending is a program.
    pub(super) fn from_file_name(file_name: &str) -> Result<Self, UnpackErrorKind> {
        let name = file_name.to_ascii_lowercase();
        if let Some(ending) = UNSUPPORTED.iter().find(|ending| name.ends_with(**ending)) {
            return Err(UnpackErrorKind::Format((*ending).to_owned()));
        }
        Ok(ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)).map_or(Format::Plain, |(_, format)| *format))
    }

    const fn name(self) -> &'static str {
        match self {
            Format::TarGz | Format::Gz => "gzip",
            Format::TarXz | Format::Xz => "xz",
            Format::TarZst | Format::Zst => "zstd",
            Format::Tar => "a tar archive",
            Format::Zip => "a zip archive",
            Format::Plain => "a program",
        }
    }

    /// Compare the first bytes with the format, without consuming them.
    pub(super) fn check(self, bytes: &mut impl BufRead) -> Result<(), UnpackErrorKind> {
        let start = bytes.fill_buf().map_err(UnpackErrorKind::Damaged)?;
        let kept = match self {
            Format::TarGz | Format::Gz => start.starts_with(&[0x1f, 0x8b]),
            Format::TarXz | Format::Xz => start.starts_with(XZ),
            Format::TarZst | Format::Zst => start.starts_with(ZSTD) || is_skippable_frame(start),
            Format::Zip => start.starts_with(b"PK") || start.starts_with(b"MZ") || start.starts_with(b"#!"),
            Format::Tar | Format::Plain => !start.is_empty() && !is_web_page(start),
        };
        if kept {
            return Ok(());
        }
        Err(UnpackErrorKind::OtherContent { expected: self.name(), found: looks_like(start) })
    }
}

const XZ: &[u8] = b"\xfd7zXZ\0";
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Whether this is a Zstandard frame without content; such frames may precede the first frame with content.
fn is_skippable_frame(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn looks_like(start: &[u8]) -> &'static str {
    match start {
        [] => "an empty file",
        _ if is_web_page(start) => "a web page",
        [0x1f, 0x8b, ..] => "gzip",
        [b'P', b'K', ..] => "a zip archive",
        _ if start.starts_with(XZ) => "xz",
        _ if start.starts_with(ZSTD) || is_skippable_frame(start) => "zstd",
        [0x7f, b'E', b'L', b'F', ..] => "a program",
        [b'{' | b'[', ..] => "JSON",
        _ => "something else",
    }
}

/// Whether the bytes begin like HTML.
pub(crate) fn is_web_page(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |text: &[u8]| start.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<title"].into_iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_indicate_formats() {
        for (name, format) in [
            ("node-22.tgz", Format::TarGz),
            ("GO.TAR.GZ", Format::TarGz),
            ("a.tar", Format::Tar),
            ("uv-0.1-py3-none-manylinux_2_17.whl", Format::Zip),
            ("jq.gz", Format::Gz),
            ("python.tar.zst", Format::TarZst),
            ("node.txz", Format::TarXz),
            ("jq.xz", Format::Xz),
            ("jq-linux-amd64", Format::Plain),
        ] {
            assert_eq!(Format::from_file_name(name).expect("a format"), format, "{name}");
        }
        for name in ["a.tar.bz2", "a.tbz", "a.7z", "a.deb"] {
            assert!(matches!(Format::from_file_name(name), Err(UnpackErrorKind::Format(_))), "{name}");
        }
    }

    #[test]
    fn a_web_page_in_place_of_an_archive_is_named() {
        let page = b"\n <!DOCTYPE HTML><title>404</title>";
        for format in
            [Format::TarGz, Format::TarXz, Format::TarZst, Format::Tar, Format::Zip, Format::Gz, Format::Plain]
        {
            let error = format.check(&mut &page[..]).expect_err("a page is refused");
            assert!(error.to_string().contains("a web page"), "{error}");
        }
        let error = Format::Zip.check(&mut &b""[..]).expect_err("nothing is refused");
        assert!(error.to_string().contains("an empty file"), "{error}");
    }
}
