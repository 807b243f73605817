//! Recorded attestations of both registries: each is good as it is, and refused after any change.

use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vx_base::digest::Digest;
use vx_base::package::archive::Attested;
use vx_inflate::gunzip;

use super::authority::Authority;
use super::check::check;
use super::statement::StatementSubject;
use super::{Attestation, AttestationFault};
use crate::sources::pypi::attested::bundles;

const NPM: &[u8] = include_bytes!("../../../../../tests/attestations/npm-sigstore-2.0.0.json.gz");
const PYPI: &[u8] =
    include_bytes!("../../../../../tests/attestations/pypi_attestations-0.0.19.tar.gz.provenance.json.gz");
const SLSA: &[u8] = include_bytes!("../../../../../tests/attestations/pypi_attestations-0.0.19.tar.gz.slsa.json.gz");
const GITLAB: &[u8] =
    include_bytes!("../../../../../tests/attestations/gitlab_oidc_project-0.0.3.tar.gz.publish.json.gz");

/// An archive with its recorded attestation, and the builder that the attestation proves.
struct Recorded {
    name: &'static str,
    digest: Digest,
    bundle: Value,
    builder: [&'static str; 3],
}

impl Recorded {
    fn new(name: &'static str, digest: &str, bundle: Value, builder: [&'static str; 3]) -> Self {
        Self { name, digest: digest.parse().expect("a digest"), bundle, builder }
    }

    fn checked(&self, bundles: &[Value]) -> Result<Attestation, AttestationFault> {
        let subject = StatementSubject { name: self.name.into(), digest: &self.digest };
        check(&authority(), bundles, &subject, &|_| None)
    }
}

fn authority() -> Authority {
    Authority::load(Path::new("no such file")).expect("the built-in root")
}

fn read(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    gunzip(packed).read_to_end(&mut text).expect("a gzip file");
    text
}

fn of_index(one: &[u8]) -> Value {
    let one: Value = serde_json::from_slice(one).expect("JSON");
    let document = json!({ "attestation_bundles": [{ "attestations": [one] }] });
    bundles(document.to_string().as_bytes()).expect("attestations").remove(0)
}

fn recorded() -> [Recorded; 4] {
    const NPM_DIGEST: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1\
                              e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
    const PYPI_DIGEST: &str = "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3";
    const GITLAB_DIGEST: &str = "sha256:c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8";
    let github = "token.actions.githubusercontent.com";
    let release = ".github/workflows/release.yml";
    let own = [github, "github.com/trailofbits/pypi-attestations", release];
    let npm = serde_json::from_slice(&read(NPM)).expect("JSON");
    let pypi = bundles(&read(PYPI)).expect("attestations").remove(0);
    let (slsa, gitlab) = (of_index(&read(SLSA)), of_index(&read(GITLAB)));
    let sdist = "pypi_attestations-0.0.19.tar.gz";
    [
        Recorded::new("pkg:npm/sigstore@2.0.0", NPM_DIGEST, npm, [github, "github.com/sigstore/sigstore-js", release]),
        Recorded::new(sdist, PYPI_DIGEST, pypi, own),
        Recorded::new(sdist, PYPI_DIGEST, slsa, own),
        Recorded::new(
            "gitlab_oidc_project-0.0.3.tar.gz",
            GITLAB_DIGEST,
            gitlab,
            ["gitlab.com", "gitlab.com/facutuesca/gitlab-oidc-project", ".gitlab-ci.yml"],
        ),
    ]
}

#[test]
fn recorded_attestations_name_the_workflow_and_the_repository() {
    for recorded in recorded() {
        let [issuer, repository, workflow] = recorded.builder.map(str::to_owned);
        let builder = Attested { issuer, repository, workflow };
        assert_eq!(builder.fault(), None);
        assert_eq!(recorded.checked(std::slice::from_ref(&recorded.bundle)), Ok(Attestation::By(builder)));
    }
}

#[test]
fn attestations_of_one_archive_have_to_name_one_builder() {
    let [_, publication, build, _] = recorded();
    let both = [publication.bundle.clone(), build.bundle.clone()];
    assert!(matches!(publication.checked(&both), Ok(Attestation::By(_))));
    assert!(matches!(publication.checked(&[]), Ok(Attestation::Absent(_))));
    let many = vec![publication.bundle.clone(); 17];
    assert!(matches!(publication.checked(&many), Err(AttestationFault::Wrong(_))));
}

#[test]
fn an_attestation_of_another_archive_is_wrong() {
    let [npm, one, _, other] = recorded();
    for (archive, bundle) in [(&npm, &one), (&one, &npm), (&one, &other), (&other, &one)] {
        let fault = archive.checked(std::slice::from_ref(&bundle.bundle));
        assert!(matches!(fault, Err(AttestationFault::Wrong(_))), "{fault:?}");
    }
    let renamed = Recorded { name: "pkg:npm/sigstore@2.0.1", ..npm };
    assert!(matches!(renamed.checked(std::slice::from_ref(&renamed.bundle)), Err(AttestationFault::Wrong(_))));
}

#[test]
fn a_name_is_compared_in_one_spelling() {
    let [_, sdist, ..] = recorded();
    let spelt = Recorded { name: "Pypi-Attestations-0.0.19.tar.gz", ..sdist };
    assert!(matches!(spelt.checked(std::slice::from_ref(&spelt.bundle)), Ok(Attestation::By(_))));
    let other = Recorded { name: "pypi_attestations-0.0.18.tar.gz", ..spelt };
    assert!(matches!(other.checked(std::slice::from_ref(&other.bundle)), Err(AttestationFault::Wrong(_))));
}

#[test]
fn a_later_form_a_newer_log_and_an_older_record_cannot_be_judged_and_are_not_called_wrong() {
    let changes: [Change; 4] = [
        ("the form", |bundle, _| {
            bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.9+json");
        }),
        ("the form of the record", |bundle, _| entry(bundle)["kindVersion"]["version"] = json!("9.0.0")),
        ("the log", |bundle, _| flip(&mut entry(bundle)["logId"]["keyId"], 3)),
        ("the proof of the log", |bundle, _| {
            drop(entry(bundle).as_object_mut().expect("an object").remove("inclusionProof"));
        }),
    ];
    let [npm, pypi, ..] = recorded();
    for recorded in [npm, pypi] {
        for (what, change) in &changes {
            let mut bundle = recorded.bundle.clone();
            change(&mut bundle, &Value::Null);
            let result = recorded.checked(&[bundle]);
            assert!(matches!(result, Ok(Attestation::Absent(_))), "{}: {what}: {result:?}", recorded.name);
        }
    }
}

/// A change of an attestation, by the part that it changes.
type Change = (&'static str, fn(&mut Value, &Value));

/// A change, and its outcome for each recorded attestation: `W` is wrong and refused, `A` proves no builder, as if the
/// archive had no attestation. An unknown authority, log or form can't be told from a damaged one, since the root of
/// trust may be older than the attestation.
type Judged = (&'static str, &'static str, fn(&mut Value, &Value));

const CHANGES: [Judged; 20] = [
    ("the bytes of the statement", "WWWW", |bundle, _| flip(&mut bundle["dsseEnvelope"]["payload"], 200)),
    ("the digest in the statement", "AAAA", |bundle, _| edit(bundle, "\"digest\":{\"sha", "\"digest\":{\"SHA")),
    ("the kind of the statement", "WWWW", |bundle, _| {
        edit(bundle, "in-toto.io/Statement/v1", "in-toto.io/Statement/v2")
    }),
    ("the type of the envelope", "AAAA", |bundle, _| bundle["dsseEnvelope"]["payloadType"] = json!("text/plain")),
    ("the signature", "WWWW", |bundle, _| flip(&mut bundle["dsseEnvelope"]["signatures"][0]["sig"], 20)),
    ("the number of signatures", "AAAA", |bundle, _| {
        let twice = bundle["dsseEnvelope"]["signatures"][0].clone();
        bundle["dsseEnvelope"]["signatures"] = json!([twice.clone(), twice]);
    }),
    ("the signature, by another's", "WWWW", |bundle, other| {
        bundle["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"].clone();
    }),
    ("the key in the certificate", "WWWW", |bundle, _| flip(certificate(bundle), 150)),
    ("the names in the certificate", "AAAA", |bundle, _| flip(certificate(bundle), 420)),
    ("the signature of the certificate", "AAAA", |bundle, _| {
        let certificate = certificate(bundle);
        let length = STANDARD.decode(certificate.as_str().expect("text")).expect("base 64").len();
        flip(certificate, length - 3);
    }),
    ("the certificate, by another's", "AWAA", |bundle, other| {
        *certificate(bundle) = certificate(&mut other.clone()).clone();
    }),
    ("the record of the log, by another's", "AAAA", |bundle, other| {
        bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"].clone();
    }),
    ("the record of the log, away", "WWWW", |bundle, _| bundle["verificationMaterial"]["tlogEntries"] = json!([])),
    ("the log", "AAAA", |bundle, _| flip(&mut entry(bundle)["logId"]["keyId"], 3)),
    ("the recorded body", "WWWW", |bundle, _| flip(&mut entry(bundle)["canonicalizedBody"], 90)),
    ("the time of the record", "WWWW", |bundle, _| entry(bundle)["integratedTime"] = json!("1893456000")),
    ("the promise of the log", "WWWW", |bundle, _| {
        flip(&mut entry(bundle)["inclusionPromise"]["signedEntryTimestamp"], 20);
    }),
    ("a hash on the way to the root of the log", "WWWW", |bundle, _| {
        flip(&mut entry(bundle)["inclusionProof"]["hashes"][2], 5);
    }),
    ("the place in the log", "WWWW", |bundle, _| entry(bundle)["inclusionProof"]["logIndex"] = json!("7")),
    ("the signed root of the log", "WAAA", |bundle, _| {
        let signed = &mut entry(bundle)["inclusionProof"]["checkpoint"]["envelope"];
        *signed = json!(signed.as_str().expect("text").replacen("\n\n", "x\n\n", 1));
    }),
];

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn certificate(bundle: &mut Value) -> &mut Value {
    let material = &mut bundle["verificationMaterial"];
    match material.get("certificate").is_some() {
        true => &mut material["certificate"]["rawBytes"],
        false => &mut material["x509CertificateChain"]["certificates"][0]["rawBytes"],
    }
}

/// Change one bit of bytes in base 64.
fn flip(encoded: &mut Value, at: usize) {
    let mut bytes = STANDARD.decode(encoded.as_str().expect("text")).expect("base 64");
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    *encoded = json!(STANDARD.encode(bytes));
}

fn edit(bundle: &mut Value, from: &str, to: &str) {
    let payload = &mut bundle["dsseEnvelope"]["payload"];
    let text = String::from_utf8(STANDARD.decode(payload.as_str().expect("text")).expect("base 64")).expect("text");
    assert!(text.contains(from), "{text}");
    *payload = json!(STANDARD.encode(text.replacen(from, to, 1)));
}

#[test]
fn each_change_of_an_attestation_is_wrong_or_proves_nothing() {
    let all = recorded();
    for (what, expected, change) in CHANGES {
        let outcome = |(at, recorded): (usize, &Recorded)| {
            let mut bundle = recorded.bundle.clone();
            change(&mut bundle, &all[(at + 1) % all.len()].bundle);
            assert_ne!(bundle, recorded.bundle, "{what}");
            match recorded.checked(&[bundle]) {
                Err(AttestationFault::Wrong(_)) => 'W',
                Ok(Attestation::Absent(_)) => 'A',
                other => panic!("{}: {what}: {other:?}", recorded.name),
            }
        };
        let outcomes: String = all.iter().enumerate().map(outcome).collect();
        assert_eq!(outcomes, expected, "{what}");
    }
}

#[test]
fn a_bundle_that_is_cut_or_holds_anything_else_is_refused_and_breaks_nothing() {
    let [npm, pypi, ..] = recorded();
    for recorded in [npm, pypi] {
        for path in ["/verificationMaterial", "/dsseEnvelope", "/dsseEnvelope/payload", "/mediaType"] {
            for value in [json!(null), json!(7), json!("AAAA"), json!([]), json!({})] {
                let mut bundle = recorded.bundle.clone();
                *bundle.pointer_mut(path).expect("a part") = value;
                assert!(!matches!(recorded.checked(&[bundle]), Ok(Attestation::By(_))), "{path}");
            }
        }
        let mut whole = recorded.bundle.clone();
        let bytes = STANDARD.decode(certificate(&mut whole).as_str().expect("text")).expect("base 64");
        for length in (0..bytes.len()).step_by(7) {
            let mut bundle = recorded.bundle.clone();
            *certificate(&mut bundle) = json!(STANDARD.encode(&bytes[..length]));
            assert!(!matches!(recorded.checked(&[bundle]), Ok(Attestation::By(_))), "{length}");
        }
    }
}
