//! What decides what is in a release: two installs with one recipe make the same release.

use crate::config::{InstallConfig, Part};
use crate::digest::{Algorithm, Digest};

use super::manifest::{Depth, Manifest};
use super::store::Release;

/// The digest of all of a configuration that decides what is in the release; `None` where that is not known before: an
/// archive without a digest may be any, and a command may do anything.
pub(super) fn recipe(config: &InstallConfig) -> Option<Digest> {
    if config.postinstall.is_some() || config.parts.iter().any(|part| part.digest.is_none()) {
        return None;
    }
    // Left out is what belongs to one run. What is not named here counts, also what is added some day.
    let parts =
        config.parts.iter().map(|part| Part { url: String::new(), size: None, authorization: None, ..part.clone() });
    let decisive = InstallConfig {
        parts: parts.collect(),
        download_url: None,
        home: Default::default(),
        attempt: 0,
        deadline_ms: None,
        stall_ms: None,
        log_file: None,
        board: None,
        force: false,
        offline: false,
        ..config.clone()
    };
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(&serde_json::to_vec(&decisive).ok()?);
    Some(hasher.finish())
}

/// Whether making the release again by this configuration would change nothing: it was made by the same recipe, and
/// every file of it is still as it was.
pub(super) fn is_made_so(release: &Release, config: &InstallConfig) -> bool {
    let receipt = &release.receipt;
    let wanted = config.parts.iter().map(|part| part.digest.as_ref());
    let same_archives = wanted.eq(receipt.parts.iter().map(|part| Some(&part.digest)));
    let same = same_archives && receipt.recipe.is_some() && receipt.recipe == recipe(config);
    let manifest = receipt.contents.as_ref().filter(|_| same);
    let manifest = manifest.and_then(|digest| Manifest::read(&release.path, digest));
    let changes = manifest.and_then(|manifest| manifest.changes(&release.path, Depth::Contents).ok());
    changes.is_some_and(|changes| changes.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn config() -> InstallConfig {
        let part = Part {
            url: "https://one.invalid/a.tgz".into(),
            file_name: "a.tgz".into(),
            digest: "0".repeat(64).parse().ok(),
            size: Some(1),
            strip: 1,
            into: String::new(),
            authorization: None,
        };
        InstallConfig {
            tool_name: "a".into(),
            version: "1".into(),
            options: BTreeMap::new(),
            download_url: None,
            source: "npm".into(),
            package: "a".into(),
            parts: vec![part],
            needs: None,
            programs: Vec::new(),
            home: "/h".into(),
            attempt: 1,
            deadline_ms: None,
            stall_ms: None,
            log_file: None,
            board: None,
            postinstall: None,
            force: false,
            offline: false,
        }
    }

    #[test]
    fn a_recipe_is_what_decides_and_not_where_from_or_how_long() {
        let plain = recipe(&config());
        assert!(plain.is_some());
        let mut elsewhere = InstallConfig { attempt: 3, deadline_ms: Some(5), force: true, ..config() };
        elsewhere.parts[0].url = "https://two.invalid/a.tgz".into();
        elsewhere.parts[0].authorization = Some("Bearer planted".into());
        assert_eq!(recipe(&elsewhere), plain);

        let mut stripped = config();
        stripped.parts[0].strip = 0;
        let optional = InstallConfig { options: BTreeMap::from([("a".into(), "b".into())]), ..config() };
        for other in [stripped, optional, InstallConfig { version: "2".into(), ..config() }] {
            assert_ne!(recipe(&other), plain);
        }
        let mut unknown = config();
        unknown.parts[0].digest = None;
        assert_eq!(recipe(&unknown), None);
        assert_eq!(recipe(&InstallConfig { postinstall: Some("x".into()), ..config() }), None);
    }
}
