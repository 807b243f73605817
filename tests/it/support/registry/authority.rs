//! A root of trust for a test: an authority that certifies workflows, a log of its certificates and a log of
//! signatures, and the attestations that builds make with them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SigningKey,
};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::signing::Signer;

/// The OID prefix of the certificate extensions that describe a build.
const ARC: [u64; 7] = [1, 3, 6, 1, 4, 1, 57264];
/// The OID of the extension with the log of certificates' timestamps.
const SCT_LIST: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
const LOG: &str = "log.invalid";

/// A workflow that builds.
#[derive(Clone, Copy)]
pub(crate) struct Builder<'a> {
    /// Its address, without `https://`.
    pub(crate) repository: &'a str,
    /// Its file in the repository.
    pub(crate) workflow: &'a str,
}

/// An authority with its logs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    issuer_key: Vec<u8>,
    certificates: KeyPair,
    signatures: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
        let issuer_key = key.subject_public_key_info();
        let other = || KeyPair::generate().expect("a key");
        Self { issuer: Issuer::new(params, key), certificate, issuer_key, certificates: other(), signatures: other() }
    }

    /// A root of trust that knows only this authority and its logs.
    pub(crate) fn root(&self) -> String {
        let since = json!({ "start": "2020-01-01T00:00:00Z" });
        let log = |key: &KeyPair| {
            json!({
                "baseUrl": format!("https://{LOG}"),
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": STANDARD.encode(key.subject_public_key_info()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": since,
                },
                "logId": { "keyId": STANDARD.encode(sha256(&key.subject_public_key_info())) },
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.signatures)],
            "ctlogs": [log(&self.certificates)],
            "certificateAuthorities": [{
                "subject": { "organization": "test", "commonName": "test" },
                "uri": "https://authority.invalid",
                "certChain": { "certificates": [{ "rawBytes": STANDARD.encode(&self.certificate) }] },
                "validFor": since,
            }],
            "timestampAuthorities": [],
        })
        .to_string()
    }

    /// An attestation that this workflow built an archive, in npm's form. `digest` is the statement's field.
    pub(crate) fn attest(&self, name: &str, digest: &Value, builder: Builder<'_>) -> Value {
        let key = KeyPair::generate().expect("a key");
        let certificate = self.certify(&key, builder);
        let payload = statement(name, digest, "https://slsa.dev/provenance/v1");
        let signature = STANDARD.encode(sign(&key, signed_text(&payload).as_bytes()));
        let entry = self.record(&payload, &signature, &pem("CERTIFICATE", &certificate));
        let material = json!({ "certificate": { "rawBytes": STANDARD.encode(&certificate) }, "tlogEntries": [entry] });
        bundle(&material, &payload, &signature)
    }

    /// A registry's attestation that it published an archive.
    pub(crate) fn publish(&self, name: &str, digest: &Value, signer: &Signer) -> Value {
        let payload = statement(name, digest, "https://h.invalid/npm/attestation/specs/publish/v0.1");
        let signed = signer.sign(&signed_text(&payload));
        let signature = signed["sig"].as_str().expect("text");
        let entry = self.record(&payload, signature, &pem("PUBLIC KEY", &signer.public_key()));
        let material = json!({ "publicKey": { "hint": signed["keyid"] }, "tlogEntries": [entry] });
        bundle(&material, &payload, signature)
    }

    /// A certificate for a key, valid for ten minutes, with the timestamp of the log of certificates.
    fn certify(&self, key: &KeyPair, Builder { repository, workflow }: Builder<'_>) -> Vec<u8> {
        let now = SystemTime::now();
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from(7_u64));
        params.not_before = (now - Duration::from_secs(300)).into();
        params.not_after = (now + Duration::from_secs(300)).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let config = format!("https://{repository}/{workflow}@refs/tags/v1");
        params.subject_alt_names = vec![SanType::URI(config.as_str().try_into().expect("an address"))];
        let claims = [
            (8, "https://token.actions.githubusercontent.com".to_owned()),
            (12, format!("https://{repository}")),
            (18, config),
        ];
        params.custom_extensions = claims.map(|(number, text)| claim(number, &text)).to_vec();
        let bare = params.signed_by(key, &self.issuer).expect("a certificate").der().to_vec();
        let records = octets(&listed(&self.promise(to_be_signed(&bare))));
        params.custom_extensions.push(CustomExtension::from_oid_content(&SCT_LIST, records));
        params.signed_by(key, &self.issuer).expect("a certificate").der().to_vec()
    }

    /// The log of certificates' promise to record a certificate.
    fn promise(&self, to_be_signed: &[u8]) -> Vec<u8> {
        let now_ms = since_1970().as_millis() as u64;
        let length = u32::try_from(to_be_signed.len()).expect("short").to_be_bytes();
        let signed = [
            &[0, 0][..],
            &now_ms.to_be_bytes(),
            &[0, 1],
            &sha256(&self.issuer_key),
            &length[1..],
            to_be_signed,
            &[0, 0],
        ]
        .concat();
        let signature = sign(&self.certificates, &signed);
        let id = sha256(&self.certificates.subject_public_key_info());
        [&[0][..], &id, &now_ms.to_be_bytes(), &[0, 0], &[4, 3], &prefixed(&signature)].concat()
    }

    /// An entry of the log of signatures, as the log's first.
    fn record(&self, payload: &str, signature: &str, verifier: &str) -> Value {
        let hash = json!({ "algorithm": "sha256", "value": hex(&sha256(payload.as_bytes())) });
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": hash,
                "payloadHash": hash,
                "signatures": [{ "signature": signature, "verifier": STANDARD.encode(verifier) }],
            },
        })
        .to_string();
        let root = STANDARD.encode(sha256(&[&[0][..], body.as_bytes()].concat()));
        let note = format!("{LOG}\n1\n{root}\n");
        let id = sha256(&self.signatures.subject_public_key_info());
        let noted = [&id[..4], &sign(&self.signatures, note.as_bytes())].concat();
        let time_s = since_1970().as_secs();
        let encoded = STANDARD.encode(&body);
        let promise =
            format!(r#"{{"body":"{encoded}","integratedTime":{time_s},"logID":"{}","logIndex":0}}"#, hex(&id));
        json!({
            "logIndex": "0",
            "logId": { "keyId": STANDARD.encode(&id) },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": time_s.to_string(),
            "inclusionPromise": {
                "signedEntryTimestamp": STANDARD.encode(sign(&self.signatures, promise.as_bytes())),
            },
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": root,
                "treeSize": "1",
                "hashes": [],
                "checkpoint": { "envelope": format!("{note}\n\u{2014} {LOG} {}\n", STANDARD.encode(noted)) },
            },
            "canonicalizedBody": encoded,
        })
    }
}

fn statement(name: &str, digest: &Value, predicate: &str) -> String {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": digest }],
        "predicateType": predicate,
        "predicate": {},
    })
    .to_string()
}

/// The text that is signed for a statement.
fn signed_text(payload: &str) -> String {
    format!("DSSEv1 28 application/vnd.in-toto+json {} {payload}", payload.len())
}

fn bundle(material: &Value, payload: &str, signature: &str) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": {
            "payloadType": "application/vnd.in-toto+json",
            "payload": STANDARD.encode(payload),
            "signatures": [{ "sig": signature }],
        },
    })
}

fn pem(kind: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<_> = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// The same attestation in the form of an index of Python packages.
pub(crate) fn as_indexed(bundle: &Value) -> Value {
    let material = &bundle["verificationMaterial"];
    json!({
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
    })
}

fn claim(number: u64, text: &str) -> CustomExtension {
    let oid = [&ARC[..], &[1, number]].concat();
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 128).expect("a short text");
    CustomExtension::from_oid_content(&oid, [&[0x0c, length][..], text.as_bytes()].concat())
}

/// The part of a certificate that its issuer signs: the first item of the outer sequence.
fn to_be_signed(certificate: &[u8]) -> &[u8] {
    let body = &certificate[header_length(certificate)..];
    let (start, length) = (header_length(body), content_length(body));
    &body[..start + length]
}

fn header_length(item: &[u8]) -> usize {
    if item[1] < 128 { 2 } else { 2 + usize::from(item[1] & 127) }
}

fn content_length(item: &[u8]) -> usize {
    let digits = &item[2..header_length(item)];
    if item[1] < 128 { item[1].into() } else { digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)) }
}

fn octets(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a short item");
    let head = if length < 128 { vec![0x04, length] } else { vec![0x04, 0x81, length] };
    [head, content.to_vec()].concat()
}

fn listed(record: &[u8]) -> Vec<u8> {
    prefixed(&prefixed(record))
}

/// These bytes, preceded by their length in two bytes.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
}

fn sign(key: &KeyPair, message: &[u8]) -> Vec<u8> {
    key.sign(message).expect("a signature")
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}
