//! The recipe of a release: everything that determines its content. Two installs with the same recipe make the same
//! release.
//!
//! Its instructions are the part that a project writes: how archives are unpacked, the programs, and the post-install
//! command. They are compared even where the recipe is unknown.

use vx_base::digest::{Algorithm, Digest};
use vx_base::package::archive::Archive;
use vx_base::package::{Part, Program};
use vx_http::TlsTrust;

use crate::config::InstallConfig;

use crate::release::manifest::{Manifest, ManifestCheckDepth};
use crate::store::StoreEntry;

/// Digest of the parts of a configuration that determine the release's content. `None` if the configuration doesn't
/// determine it: an archive without a digest may be any archive, and a post-install command may do anything.
pub(crate) fn recipe(config: &InstallConfig) -> Option<Digest> {
    if config.postinstall.is_some() || config.parts.iter().any(|part| part.archive.digest.is_none()) {
        return None;
    }
    // Fields that concern a single run are reset. All others count, including any that are added later.
    let decisive = |part: &Part| Part { archive: Archive { size: None, ..part.archive.clone() }, origin: None };
    let parts = config.parts.iter().map(decisive);
    let decisive = InstallConfig {
        parts: parts.collect(),
        download_url: None,
        home: Default::default(),
        attempt: 0,
        deadline_ms: None,
        stall_ms: None,
        lowest_rate: None,
        log_file: None,
        board: None,
        trial: None,
        force: false,
        offline: false,
        trust: TlsTrust::default(),
        ..config.clone()
    };
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(&serde_json::to_vec(&decisive).ok()?);
    Some(hasher.finish())
}

/// Digest of the instructions for a release.
pub fn instructions(parts: &[Part], programs: &[Program], postinstall: Option<&str>) -> Digest {
    let parts: Vec<(u32, &str)> = parts.iter().map(|part| (part.archive.strip, part.archive.into.as_str())).collect();
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(&serde_json::to_vec(&(parts, programs, postinstall)).unwrap_or_default());
    hasher.finish()
}

/// Whether another install with this configuration would change nothing: the release has the same recipe, and every
/// file is unchanged.
pub(crate) fn is_made_so(release: &StoreEntry, config: &InstallConfig) -> bool {
    let receipt = &release.receipt;
    let wanted = config.parts.iter().map(|part| part.archive.digest.as_ref());
    let same_archives = wanted.eq(receipt.parts.iter().map(|part| part.digest.as_ref()));
    let same = same_archives && receipt.recipe.is_some() && receipt.recipe == recipe(config);
    let manifest = receipt.contents.as_ref().filter(|_| same);
    let manifest = manifest.and_then(|digest| Manifest::read(&release.path, digest));
    let changes = manifest.and_then(|manifest| manifest.changes(&release.path, ManifestCheckDepth::Contents).ok());
    changes.is_some_and(|changes| changes.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use vx_base::package::archive::Origin;

    fn config() -> InstallConfig {
        let digest = "0".repeat(64).parse().ok();
        let archive = Archive { file: "a.tgz".into(), digest, size: Some(1), strip: 1, ..Archive::default() };
        let origin = Some(Origin { url: "https://one.invalid/a.tgz".into(), authorization: None });
        let part = Part { archive, origin };
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
            ships_programs: false,
            home: "/h".into(),
            attempt: 1,
            deadline_ms: None,
            stall_ms: None,
            lowest_rate: None,
            log_file: None,
            board: None,
            postinstall: None,
            agreed: Vec::new(),
            trial: None,
            force: false,
            offline: false,
            trust: TlsTrust::default(),
        }
    }

    #[test]
    fn a_recipe_is_the_same_for_every_vx() {
        let text = recipe(&config()).expect("a recipe").to_string();
        assert_eq!(text, "sha256:3e8b777f8e339bcea3086b1de49e9c18d472a9599700db6fb7e1f2a36af7324f", "receipts hold it");
    }

    #[test]
    fn a_recipe_is_what_decides_and_not_where_from_or_how_long() {
        let plain = recipe(&config());
        assert!(plain.is_some());
        let trial = Some(vec!["--version".to_owned()]);
        let mut elsewhere = InstallConfig { attempt: 3, deadline_ms: Some(5), trial, force: true, ..config() };
        let url = "https://two.invalid/a.tgz".into();
        elsewhere.parts[0].origin = Some(Origin { url, authorization: Some("Bearer planted".into()) });
        assert_eq!(recipe(&elsewhere), plain);

        let mut stripped = config();
        stripped.parts[0].archive.strip = 0;
        let optional = InstallConfig { options: BTreeMap::from([("a".into(), "b".into())]), ..config() };
        for other in [stripped, optional, InstallConfig { version: "2".into(), ..config() }] {
            assert_ne!(recipe(&other), plain);
        }
        let mut unknown = config();
        unknown.parts[0].archive.digest = None;
        assert_eq!(recipe(&unknown), None);
        assert_eq!(recipe(&InstallConfig { postinstall: Some("x".into()), ..config() }), None);
    }

    #[test]
    fn instructions_are_what_a_project_writes_and_not_which_archive() {
        let of = |config: &InstallConfig| {
            instructions(&config.parts, &config.programs, config.postinstall.as_deref()).to_string()
        };
        let plain = of(&config());
        assert_eq!(plain, of(&config()));
        let mut newer = config();
        (newer.parts[0].archive.digest, newer.parts[0].archive.size) = (None, None);
        assert_eq!(of(&newer), plain);
        let mut stripped = config();
        stripped.parts[0].archive.strip = 0;
        let program = Program { name: "a".into(), path: "bin/a".into(), runner: None };
        let with_program = InstallConfig { programs: vec![program], ..config() };
        let with_command = InstallConfig { postinstall: Some("x".into()), ..config() };
        for other in [stripped, with_program, with_command] {
            assert_ne!(of(&other), plain);
        }
    }
}
