//! Keys of an npm registry, made for a test, and their signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// The bytes of an encoded P-256 key before its point.
const HEADER: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key that signs packages.
pub(crate) struct Signer {
    name: String,
    expires: Option<String>,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new(name: &str, expires: Option<&str>) -> Self {
        Self::twice(name, expires).0
    }

    /// Make the same key twice.
    pub(crate) fn twice(name: &str, expires: Option<&str>) -> (Self, Self) {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let one = || {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret.as_ref(), &random);
            Self { name: name.into(), expires: expires.map(str::to_owned), pair: pair.expect("its own key") }
        };
        (one(), one())
    }

    /// Its signature of a message, as in a package's document.
    pub(crate) fn sign(&self, message: &str) -> Value {
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        json!({ "keyid": self.name, "sig": STANDARD.encode(signature) })
    }

    /// Its public half, in the encoding that registries use.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        [&HEADER[..], self.pair.public_key().as_ref()].concat()
    }

    /// A registry's document of keys with only this key.
    pub(crate) fn document(&self) -> String {
        let key = json!({
            "keyid": self.name,
            "expires": self.expires,
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": STANDARD.encode(self.public_key()),
        });
        json!({ "keys": [key] }).to_string()
    }
}
