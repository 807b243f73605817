//! Digests of archives, as published by a registry or computed from the received bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A digest algorithm strong enough to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256: 32 bytes.
    Sha256,
    /// SHA-512: 64 bytes.
    Sha512,
}

/// A digest; written `sha256:<hex>` in files and messages, and as the name of a cached download with `-` for `:`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: expected `sha256:` and 64 hexadecimal digits, or `sha512:` and 128")]
pub struct BadDigest(pub String);

/// Computes a digest piece by piece.
pub struct Hasher {
    algorithm: Algorithm,
    context: ring::digest::Context,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        }
    }

    const fn length_bytes(self) -> usize {
        match self {
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }

    /// Start computing a digest.
    pub fn hasher(self) -> Hasher {
        let ring = match self {
            Algorithm::Sha256 => &ring::digest::SHA256,
            Algorithm::Sha512 => &ring::digest::SHA512,
        };
        Hasher { algorithm: self, context: ring::digest::Context::new(ring) }
    }
}

impl Hasher {
    /// Add the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, bytes: self.context.finish().as_ref().to_vec() }
    }
}

impl Digest {
    /// The digest with these bytes; `None` unless their number is the algorithm's.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.length_bytes()).then(|| Self { algorithm, bytes: bytes.to_vec() })
    }

    /// The algorithm that it was computed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes: 32 for SHA-256, 64 for SHA-512.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest as npm's documents write it, and as their signatures cover it: `sha512-<base 64>`.
    pub fn integrity(&self) -> String {
        format!("{}-{}", self.algorithm.name(), STANDARD.encode(&self.bytes))
    }

    /// The name of a file that holds the bytes with this digest.
    pub fn file_name(&self) -> String {
        format!("{}-{}", self.algorithm.name(), self.hex())
    }

    /// Reads the digest back from a [`file_name`](Self::file_name).
    pub fn of_file_name(name: &str) -> Option<Self> {
        let digest: Self = name.replacen('-', ":", 1).parse().ok()?;
        (digest.file_name() == name).then_some(digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = BadDigest;

    /// Takes `sha256:<hex>`, `sha512:<hex>`, and a bare hexadecimal SHA-256 as in checksum files.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadDigest(text.to_owned());
        let (algorithm, digits) = match text.split_once(':') {
            Some(("sha256", digits)) => (Algorithm::Sha256, digits),
            Some(("sha512", digits)) => (Algorithm::Sha512, digits),
            None => (Algorithm::Sha256, text),
            Some(_) => return Err(bad()),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let bytes: Option<Vec<u8>> = (0..digits.len())
            .step_by(2)
            .map(|at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        bytes.and_then(|bytes| Self::from_bytes(algorithm, &bytes)).ok_or_else(bad)
    }
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_text() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let mut hasher = algorithm.hasher();
            hasher.update(b"abc");
            let digest = hasher.finish();
            assert_eq!(Digest::of_file_name(&digest.file_name()), Some(digest.clone()));
            assert_eq!(Digest::of_file_name(&format!("{}.part", digest.file_name())), None);
            assert_eq!(Digest::of_file_name(&digest.hex()), None);
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
    }

    #[test]
    fn the_digest_of_abc_is_the_published_one() {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(b"a");
        hasher.update(b"bc");
        let digest = hasher.finish();
        assert_eq!(digest.integrity(), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in ["", "sha256:", "sha256:12", "md5:00", "sha256:zz", "sha512:é", &"0".repeat(63), &"+1".repeat(32)]
        {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
