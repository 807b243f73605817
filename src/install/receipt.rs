//! What a release says about itself: `.vx-receipt.toml`, written last, and read to know that a release is whole.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::replace_file::replace_file;

use super::disk::{At, DiskError};

/// The receipt's name in the release.
pub(super) const FILE_NAME: &str = ".vx-receipt.toml";

/// The layout of the receipt this vx writes, and the newest it reads.
const LAYOUT: u32 = 1;

/// What was installed, from where, when and by which vx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    layout: u32,
    /// The tool's name in `vx.toml`.
    pub tool: String,
    /// The exact version.
    pub version: String,
    /// `npm`, `pypi`, `url`.
    pub source: String,
    /// The source's name for it, without a host.
    #[serde(default)]
    pub package: String,
    /// When it was finished, to the second.
    #[serde(with = "rfc3339")]
    pub installed_at: Timestamp,
    /// The version of the vx that did it.
    pub vx_version: String,
    /// How many files were unpacked.
    pub files: u64,
    /// Their size in bytes.
    pub size_bytes: u64,
    /// The digest of the list of its files; none in releases of a vx that kept no such list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Digest>,
    /// The run of the machine in which it was made, when its bytes were not waited for; none once they are known to be
    /// on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsynced_boot: Option<String>,
    /// The digest of all that decided what is in it; none where that is not known before it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Digest>,
    /// The archives it was made of, in order.
    #[serde(default)]
    pub parts: Vec<ReceiptPart>,
    /// The programs it provides.
    #[serde(default)]
    pub programs: Vec<ReceiptProgram>,
}

/// One archive of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptPart {
    /// Its file name.
    pub file_name: String,
    /// What its bytes digested to.
    pub digest: Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// A program of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProgram {
    /// What people type.
    pub name: String,
    /// The file to run, relative to the release, with `/` between components: `bin/node`.
    pub path: String,
}

/// What a new receipt is made from.
pub(super) struct Facts<'a> {
    pub(super) tool: &'a str,
    pub(super) version: &'a str,
    pub(super) source: &'a str,
    pub(super) package: &'a str,
    pub(super) files: u64,
    pub(super) size_bytes: u64,
    pub(super) contents: Option<Digest>,
    pub(super) unsynced_boot: Option<String>,
    pub(super) recipe: Option<Digest>,
    pub(super) parts: Vec<ReceiptPart>,
    pub(super) programs: Vec<ReceiptProgram>,
}

impl Receipt {
    /// The receipt's name in the release.
    pub const FILE_NAME: &str = FILE_NAME;

    /// The receipt of a release finished now.
    pub(super) fn now(facts: Facts<'_>) -> Self {
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
            parts: facts.parts,
            programs: facts.programs,
        }
    }

    /// The receipt of the release at this path; `None` when there is none, or none that can be trusted.
    pub fn read(release: &Path) -> Option<Self> {
        let text = fs::read_to_string(release.join(FILE_NAME)).ok()?;
        let receipt: Self = toml::from_str(&text).ok()?;
        (receipt.layout <= LAYOUT).then_some(receipt)
    }

    /// Write it into a release that is not activated yet.
    pub(super) fn write(&self, release: &Path) -> Result<(), DiskError> {
        let path = release.join(FILE_NAME);
        let text = toml::to_string(self).map_err(io::Error::other).at("write", &path)?;
        let mut file = fs::File::create_new(&path).at("create", &path)?;
        file.write_all(text.as_bytes()).at("write", &path)
    }

    /// Write it in place of the one that an activated release has: readers see one or the other.
    pub(super) fn replace(&self, release: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        replace_file(&release.join(FILE_NAME), |file| file.write_all(text.as_bytes()))
    }
}

mod rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::install) fn example(tool: &str, version: &str) -> Receipt {
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        Receipt::now(Facts {
            tool,
            version,
            source: "npm",
            package: tool,
            files: 2,
            size_bytes: 30,
            contents: None,
            unsynced_boot: None,
            recipe: None,
            parts: vec![ReceiptPart { file_name: "a.tgz".into(), digest, size_bytes: 10 }],
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
