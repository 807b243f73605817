//! Signing keys of a registry, and how signatures are checked against them.
//!
//! A registry signs `package@version:integrity` with ECDSA over P-256, and publishes its keys in a separate document.
//! As in npm, an expired key remains valid for versions published before its expiry.
//!
//! The catalogue has the keys of npm's public registry. They count for every registry, since a mirror passes on the
//! signatures of its upstream, and no registry's document can replace one of them.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::documents::http::FetchedDocument;
use crate::error::SourceErrorKind;
use crate::proof::attestation::authority::RegistryKey;
use crate::proof::signature::SignatureFault;
use crate::sources::npm::document::{SignedBy, is_key_name, read_json};
use crate::tools::catalogue;

/// Header of every P-256 key, before the point, in the encoding that registries use.
const P256_HEADER: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

static BUILT_IN: LazyLock<Vec<NpmSigningKey>> = LazyLock::new(|| {
    let key = |known: &catalogue::KnownKey| NpmSigningKey {
        keyid: known.keyid.clone(),
        expires: known.expires,
        key: known.key.clone(),
    };
    catalogue::keys("npm").iter().map(key).collect()
});

/// A registry's keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct NpmSigningKeys {
    keys: Vec<NpmSigningKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct NpmSigningKey {
    keyid: String,
    #[serde(default)]
    expires: Option<Timestamp>,
    /// Encoded in base 64.
    key: String,
}

/// Which key signed a version, as far as the signatures show.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sources::npm) enum Signer {
    /// A current key.
    Current(String),
    /// An expired key, valid if the version was published before its expiry.
    Expired { key: String, expires: Timestamp },
}

impl NpmSigningKeys {
    pub(in crate::sources::npm) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        let mut keys: Self = read_json(document)?;
        keys.keys.retain(|key| is_key_name(&key.keyid));
        Ok(keys)
    }

    pub(in crate::sources::npm) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Find the key of this name: in the catalogue, or else among the registry's.
    fn find(&self, keyid: &str) -> Option<&NpmSigningKey> {
        BUILT_IN.iter().chain(&self.keys).find(|key| key.keyid == keyid)
    }

    /// Whether the registry publishes a key of this name, or the catalogue has it.
    pub(in crate::sources::npm) fn has(&self, keyid: &str) -> bool {
        self.find(keyid).is_some()
    }

    /// Verify the signatures of `message`. One wrong signature is an error even beside valid ones, and at least one
    /// must be by a known key.
    pub(in crate::sources::npm) fn verify(
        &self,
        message: &str,
        signatures: &[SignedBy],
    ) -> Result<Option<Signer>, SignatureFault> {
        let mut signer = None;
        let mut unknown = None;
        for signature in signatures {
            let Some(key) = self.find(&signature.keyid) else {
                unknown = unknown.or(Some(&signature.keyid));
                continue;
            };
            if !key.signed(message, &signature.sig) {
                return Err(SignatureFault::Wrong { key: key.keyid.clone() });
            }
            let by = key.keyid.clone();
            match (key.expires, &signer) {
                (_, Some(Signer::Current(_))) => {}
                (None, _) => signer = Some(Signer::Current(by)),
                (Some(expires), _) if Timestamp::now() < expires => signer = Some(Signer::Current(by)),
                (Some(expires), None) => signer = Some(Signer::Expired { key: by, expires }),
                // Of two expired keys, the one that expired later is valid for more versions.
                (Some(expires), Some(Signer::Expired { expires: other, .. })) if expires <= *other => {}
                (Some(expires), _) => signer = Some(Signer::Expired { key: by, expires }),
            }
        }
        match (signer, unknown) {
            (None, Some(key)) => {
                let known = self.keys.iter().map(|key| key.keyid.clone()).collect();
                Err(SignatureFault::UnknownKey { key: key.clone(), known })
            }
            (signer, _) => Ok(signer),
        }
    }
}

impl NpmSigningKeys {
    /// Find the key of this name, to verify what the registry attests.
    pub(in crate::sources::npm) fn of_registry(&self, keyid: &str) -> Option<RegistryKey> {
        self.find(keyid).map(|key| RegistryKey { key: key.key.clone(), expires: key.expires })
    }
}

/// Whether the catalogue has a key of this name.
pub(in crate::sources::npm) fn is_built_in(keyid: &str) -> bool {
    BUILT_IN.iter().any(|key| key.keyid == keyid)
}

impl NpmSigningKey {
    /// Whether this key made the signature; false if either cannot be decoded.
    fn signed(&self, message: &str, signature: &str) -> bool {
        let (Ok(key), Ok(signature)) = (STANDARD.decode(self.key.trim()), STANDARD.decode(signature.trim())) else {
            return false;
        };
        let Some(point) = key.strip_prefix(&P256_HEADER[..]) else { return false };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message.as_bytes(), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    const MESSAGE: &str = "esbuild@0.27.0:sha512-AAAA";

    fn key(keyid: &str, expires: Option<&str>) -> (EcdsaKeyPair, NpmSigningKey) {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        let public = STANDARD.encode([&P256_HEADER[..], pair.public_key().as_ref()].concat());
        (pair, NpmSigningKey { keyid: keyid.into(), expires: expires.map(|text| text.parse().unwrap()), key: public })
    }

    fn signed(pair: &EcdsaKeyPair, keyid: &str, message: &str) -> SignedBy {
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        SignedBy { keyid: keyid.into(), sig: STANDARD.encode(signature) }
    }

    #[test]
    fn a_key_in_use_is_preferred_to_one_that_has_expired() {
        let (old_pair, old) = key("old", Some("2025-01-29T00:00:00.000Z"));
        let (new_pair, new) = key("new", None);
        let keys = NpmSigningKeys { keys: vec![old, new] };
        let both = [signed(&old_pair, "old", MESSAGE), signed(&new_pair, "new", MESSAGE)];
        assert_eq!(keys.verify(MESSAGE, &both), Ok(Some(Signer::Current("new".into()))));
        let expires = "2025-01-29T00:00:00Z".parse().unwrap();
        assert_eq!(keys.verify(MESSAGE, &both[..1]), Ok(Some(Signer::Expired { key: "old".into(), expires })));
        assert_eq!(keys.verify(MESSAGE, &[]), Ok(None));
    }

    #[test]
    fn one_wrong_signature_spoils_the_others_and_a_foreign_one_alone_does_not_count() {
        let (pair, one) = key("one", None);
        let (other_pair, other) = key("other", None);
        let keys = NpmSigningKeys { keys: vec![one, other] };
        let good = signed(&pair, "one", MESSAGE);
        let wrong = signed(&other_pair, "other", "esbuild@0.27.0:sha512-BBBB");
        let fault = SignatureFault::Wrong { key: "other".into() };
        assert_eq!(keys.verify(MESSAGE, &[good.clone(), wrong]), Err(fault));
        let foreign = signed(&pair, "foreign", MESSAGE);
        assert_eq!(keys.verify(MESSAGE, &[foreign.clone(), good]), Ok(Some(Signer::Current("one".into()))));
        let known = vec!["one".to_owned(), "other".to_owned()];
        let fault = SignatureFault::UnknownKey { key: "foreign".into(), known };
        assert_eq!(keys.verify(MESSAGE, &[foreign]), Err(fault));
    }

    #[test]
    fn what_npms_own_registry_has_signed_is_signed_well() {
        let keys = NpmSigningKeys::default();
        let signature = SignedBy {
            keyid: "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA".into(),
            sig: "MEYCIQDhX2SZFZyV3rBaQp/tH0NRk1YWw6rF2KrietBA6xDIFQIhANJcAYMSl+mvNefhpxjyApSUK/CXFEnCeUSEQf113OPI"
                .into(),
        };
        let digest = "gPClNFHEACDPrNPIY9nQ5CtgNzXLek1VKLkenI/RRKrrWSSyIVte0HloLzyQJFW0bXgFnv5TgtcUM+xHE7B6/w==";
        let message = format!("tool5@5.0.1:sha512-{digest}");
        assert!(matches!(keys.verify(&message, std::slice::from_ref(&signature)), Ok(Some(Signer::Expired { .. }))));
        assert!(keys.verify(&message.replace("5.0.1", "5.0.2"), &[signature]).is_err());
    }

    #[test]
    fn a_key_of_the_catalogue_needs_no_document_and_none_replaces_it() {
        assert_eq!(BUILT_IN.len(), 2);
        for known in BUILT_IN.iter() {
            let bytes = STANDARD.decode(&known.key).unwrap();
            assert!(bytes.starts_with(&P256_HEADER) && bytes.len() == P256_HEADER.len() + 65, "{}", known.keyid);
            let (pair, own) = key(&known.keyid, None);
            let fault = SignatureFault::Wrong { key: known.keyid.clone() };
            let signature = signed(&pair, &known.keyid, MESSAGE);
            assert_eq!(NpmSigningKeys { keys: vec![own] }.verify(MESSAGE, &[signature]), Err(fault));
        }
    }

    #[test]
    fn keys_and_signatures_that_cannot_be_read_vouch_for_nothing() {
        let (pair, mut one) = key("one", None);
        let good = signed(&pair, "one", MESSAGE);
        for text in ["", "!", "AAAA"] {
            let spoiled = SignedBy { sig: text.into(), ..good.clone() };
            assert!(!one.signed(MESSAGE, &spoiled.sig));
        }
        one.key = "AAAA".into();
        assert!(!one.signed(MESSAGE, &good.sig));
    }
}
