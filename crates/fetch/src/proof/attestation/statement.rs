//! The statement in an attestation: which archives it is about, and what kind of thing it says.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use vx_base::digest::{Algorithm, Digest};

use super::refusal::Refusal;

/// An archive, named as in a statement.
pub(crate) struct StatementSubject<'a> {
    /// An npm package with its version, as `pkg:npm/NAME@VERSION`, or the file name of a Python package.
    pub(crate) name: String,
    /// Digest of the archive.
    pub(crate) digest: &'a Digest,
}

/// What a statement says, by the type of its predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatementKind {
    /// A build service says that it built the archive, or uploaded it from the build.
    Build,
    /// The registry says that it published the archive.
    Publication,
    /// Anything else, which says nothing about the builder.
    Other,
}

/// The parts of a statement that are compared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
    subject: Vec<NamedSubject>,
}

#[derive(Deserialize)]
struct NamedSubject {
    name: String,
    digest: SubjectDigests,
}

#[derive(Deserialize)]
struct SubjectDigests {
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    sha512: Option<String>,
}

impl Statement {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Refusal> {
        let read = serde_json::from_slice::<Self>(payload);
        let statement = read.map_err(|error| Refusal::Wrong(format!("its statement makes no sense: {error}")))?;
        match statement.kind.starts_with("https://in-toto.io/Statement/") {
            true => Ok(statement),
            false => Err(Refusal::Unknown(format!("its statement is a `{}`", statement.kind))),
        }
    }

    /// Classify the statement. Types are compared without the hosts of registries.
    pub(super) fn kind(&self) -> StatementKind {
        let kind = self.predicate_type.as_str();
        if kind.starts_with("https://slsa.dev/provenance/") || kind.ends_with("/attestations/publish/v1") {
            return StatementKind::Build;
        }
        if kind.contains("/npm/attestation/") && kind.contains("/publish/") {
            return StatementKind::Publication;
        }
        StatementKind::Other
    }

    /// Check that the statement is about this archive and nothing else.
    pub(super) fn is_about(&self, subject: &StatementSubject<'_>) -> Result<(), Refusal> {
        let [named] = self.subject.as_slice() else {
            return Err(Refusal::Wrong(format!("its statement is about {} archives", self.subject.len())));
        };
        if spelt(&named.name) != spelt(&subject.name) {
            return Err(Refusal::Wrong(format!("its statement is about `{}`", named.name)));
        }
        let said = match subject.digest.algorithm() {
            Algorithm::Sha256 => named.digest.sha256.as_deref(),
            Algorithm::Sha512 => named.digest.sha512.as_deref(),
        };
        match said {
            Some(said) if said.eq_ignore_ascii_case(&subject.digest.hex()) => Ok(()),
            Some(said) => Err(Refusal::Wrong(format!("its statement is about other bytes, of digest {said}"))),
            None => Err(Refusal::Unknown(format!("its statement has no digest like {}", subject.digest))),
        }
    }
}

/// Bring a name into one spelling: `@` of a scope may be written `%40`, and the name of a Python file in several ways.
/// This can't confuse two archives, since the digest is compared too.
fn spelt(name: &str) -> String {
    if name.starts_with("pkg:") {
        return percent_decode_str(name).decode_utf8_lossy().into_owned();
    }
    let separators = |character: char| "-_.".contains(character);
    let words = name.split(separators).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
