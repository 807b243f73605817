//! The plan: the action for each tool, decided from the resolved releases and the installed ones. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::step::Step;
use crate::archive::Archive;
use crate::candidate::SourceKind;
use crate::config::{Part, Program};
use crate::digest::Digest;
use crate::install::{Receipt, instructions};
use crate::project::LockedPart;
use crate::source::Claim;
use crate::trouble::{Trouble, TroubleKind};

/// One tool of the project, as far as it was resolved.
#[derive(Clone, Debug)]
pub struct ResolvedTool {
    /// The tool, by its name in `vx.toml`.
    pub tool: String,
    /// True if the project also works without it.
    pub optional: bool,
    /// The result of its resolution.
    pub found: Resolved,
}

/// The result of resolving one tool.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// A release to install.
    Release(Box<ResolvedRelease>),
    /// The program is on `PATH`.
    OnPath {
        /// Its file.
        program: PathBuf,
        /// The version that the program on `PATH` reports.
        version: String,
    },
    /// `vx.toml` requests it for other systems only.
    NotHere,
    /// No release matches, or its source gave no answer.
    Nothing {
        /// Why.
        error: Trouble,
    },
}

/// The release that a request resolved to.
#[derive(Clone, Debug)]
pub struct ResolvedRelease {
    /// The exact version.
    pub version: String,
    /// Its source.
    pub source: SourceKind,
    /// The archives to fetch, in order.
    pub parts: Vec<Part>,
    /// The programs it provides.
    pub programs: Vec<Program>,
    /// The tool that runs its programs, if it is another one.
    pub needs: Option<String>,
    /// Free settings of the tool.
    pub options: BTreeMap<String, String>,
    /// A command to run before the release is activated.
    pub postinstall: Option<String>,
    /// The archives as the lock has them, with the signatures that it keeps; empty if a source was asked just now.
    pub locked: Vec<LockedPart>,
}

/// An installed release, as far as it can differ from the one that is wanted.
#[derive(Clone, Debug, Default)]
pub struct InstalledRelease {
    /// The name of its source.
    pub source: String,
    /// The archives it was made of.
    pub archives: Vec<Archive>,
    /// The digest of the instructions it was made by, if it is known.
    pub instructions: Option<Digest>,
}

impl InstalledRelease {
    /// The facts that a receipt records.
    pub fn of(receipt: &Receipt) -> Self {
        let (archives, instructions) = (receipt.parts.clone(), receipt.instructions.clone());
        Self { source: receipt.source.clone(), archives, instructions }
    }
}

/// The action for one tool.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Install this release.
    Install {
        /// The release.
        release: Box<ResolvedRelease>,
        /// True if it replaces an installed release, because of `force` or because that one was made from other
        /// archives or by other instructions.
        replaces: bool,
    },
    /// Nothing has to be done.
    Nothing {
        /// The installed version; empty if the tool is not for this system.
        version: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be done.
    Fail {
        /// Why.
        error: Trouble,
    },
}

/// The decisions for all tools: first the installs, largest first, then the others by name.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Each tool with its decision.
    pub decisions: Vec<(String, Decision)>,
    /// The tools without which the project works, too.
    pub optional: BTreeSet<String>,
    /// The doubts about releases that are installed all the same.
    pub doubts: Vec<Trouble>,
}

impl Plan {
    /// True if every tool is installed.
    pub fn complete(&self) -> bool {
        self.decisions.iter().all(|(_, decision)| matches!(decision, Decision::Nothing { .. }))
    }

    /// True if a tool that the project does not work without cannot be had.
    pub fn fails(&self) -> bool {
        let fails = |(tool, decision): &(String, Decision)| {
            matches!(decision, Decision::Fail { .. }) && !self.optional.contains(tool)
        };
        self.decisions.iter().any(fails)
    }

    /// The steps that carry out the plan; `locate` prepares the install of a release.
    pub fn into_steps(self, mut locate: impl FnMut(&str, ResolvedRelease, bool) -> Step) -> Vec<Step> {
        use super::step::Action;
        let step = |(tool, decision): (String, Decision)| {
            let optional = self.optional.contains(&tool);
            let (version, action) = match decision {
                Decision::Install { release, replaces } => {
                    return Step { optional, ..locate(&tool, *release, replaces) };
                }
                Decision::Nothing { version, reason } => (version, Action::Skip { reason }),
                Decision::Fail { error } => (String::new(), Action::Fail { error }),
            };
            Step { tool, version, optional, action }
        };
        self.decisions.into_iter().map(step).collect()
    }
}

/// Make the plan. `installed` returns the facts about an installed release; `proved` refuses a release to install whose
/// signatures are not good. With `force`, installed releases are installed again.
///
/// The largest installs come first, so that the run does not end with a single large one that started last.
pub fn plan(
    wanted: Vec<ResolvedTool>,
    installed: impl Fn(&str, &str) -> Option<InstalledRelease>,
    proved: impl Fn(&str, &ResolvedRelease) -> Result<(), Trouble>,
    force: bool,
) -> Plan {
    let optional = wanted.iter().filter(|wanted| wanted.optional).map(|wanted| wanted.tool.clone()).collect();
    let mut decisions: Vec<(String, Decision)> = wanted
        .into_iter()
        .map(|wanted| {
            let decision = match decide(&wanted.tool, wanted.found, &installed, force) {
                Decision::Install { release, replaces } => match proved(&wanted.tool, &release) {
                    Ok(()) => Decision::Install { release, replaces },
                    Err(error) => Decision::Fail { error },
                },
                decision => decision,
            };
            (wanted.tool, decision)
        })
        .collect();
    decisions.sort_by(|(left_tool, left), (right_tool, right)| {
        order(left).cmp(&order(right)).then_with(|| left_tool.cmp(right_tool))
    });
    Plan { decisions, optional, doubts: Vec::new() }
}

/// The lock's claim about the signature of an archive.
pub fn claim(part: &LockedPart) -> Claim<'_> {
    Claim { archive: part.archive(), key: part.signed_by.as_deref(), signature: part.signature.as_deref() }
}

fn decide(
    tool: &str,
    found: Resolved,
    installed: &impl Fn(&str, &str) -> Option<InstalledRelease>,
    force: bool,
) -> Decision {
    match found {
        Resolved::Release(release) if !release.verifiable() => Decision::Fail { error: unverifiable(tool) },
        Resolved::Release(release) => match installed(tool, &release.version) {
            Some(there) if !force && release.is_made_as(&there) => {
                Decision::Nothing { version: release.version, reason: "up to date".into() }
            }
            there => Decision::Install { release, replaces: there.is_some() },
        },
        Resolved::OnPath { program, version } => {
            Decision::Nothing { version, reason: format!("on PATH: {}", program.display()) }
        }
        Resolved::NotHere => Decision::Nothing { version: String::new(), reason: "not for this system".into() },
        Resolved::Nothing { error } => Decision::Fail { error },
    }
}

fn unverifiable(tool: &str) -> Trouble {
    let text = format!("`{tool}` comes from an address, and no digest says what it must be");
    let hint = "add `sha256 = \"…\"` to it in vx.toml, or run `vx lock`, which fetches it once and records its digest";
    Trouble::new(TroubleKind::Digest, text).hinted(hint)
}

fn order(decision: &Decision) -> (u8, std::cmp::Reverse<u64>) {
    match decision {
        Decision::Install { release, .. } => (0, std::cmp::Reverse(release.size_bytes())),
        _ => (1, std::cmp::Reverse(0)),
    }
}

impl ResolvedRelease {
    /// The size of the archives in bytes, as far as it is known.
    pub fn size_bytes(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.archive.size).sum()
    }

    /// True if an installed release is this one, as far as its archives and instructions are known.
    pub fn is_made_as(&self, there: &InstalledRelease) -> bool {
        let own = instructions(&self.parts, &self.programs, self.postinstall.as_deref());
        there.instructions.as_ref().is_none_or(|known| *known == own) && self.is_made_of(there)
    }

    /// True if an installed release that was made like this is this one, as far as digests are known. Where no digests
    /// can be compared, the source must be the same.
    pub fn is_made_of(&self, made: &InstalledRelease) -> bool {
        let archives = &made.archives;
        if !self.comparable(archives) && made.source != self.source.name() {
            return false;
        }
        self.parts.iter().filter_map(|part| part.archive.digest.as_ref()).all(|digest| {
            // A receipt may hold a digest of another algorithm; only digests of one algorithm can differ.
            let known = archives.iter().filter_map(|archive| archive.digest.as_ref());
            let mut same_kind = known.filter(|known| known.algorithm() == digest.algorithm()).peekable();
            same_kind.peek().is_none() || same_kind.any(|known| known == digest)
        })
    }

    /// True if any digest can be compared with one of these archives: one of the same algorithm.
    fn comparable(&self, archives: &[Archive]) -> bool {
        let algorithms = |archive: &Archive| archive.digest.as_ref().map(Digest::algorithm);
        let own = self.parts.iter().filter_map(|part| algorithms(&part.archive));
        own.into_iter().any(|algorithm| archives.iter().filter_map(algorithms).any(|known| known == algorithm))
    }

    /// True if the archives can be verified: those from an address need a digest, and registries always give one.
    fn verifiable(&self) -> bool {
        match self.source {
            SourceKind::Url | SourceKind::Vendor => self.parts.iter().all(|part| part.archive.digest.is_some()),
            SourceKind::Npm | SourceKind::Pypi | SourceKind::System => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Origin;

    fn digest(letter: char) -> Digest {
        letter.to_string().repeat(64).parse().expect("a digest")
    }

    fn release(version: &str, size: Option<u64>, letter: char) -> Resolved {
        let archive = Archive { file: "p.tgz".into(), digest: Some(digest(letter)), size, ..Archive::default() };
        let part = Part { archive, origin: None };
        Resolved::Release(Box::new(ResolvedRelease {
            version: version.into(),
            source: SourceKind::Npm,
            parts: vec![part],
            programs: Vec::new(),
            needs: None,
            options: BTreeMap::new(),
            postinstall: None,
            locked: Vec::new(),
        }))
    }

    fn wanted(tool: &str, found: Resolved) -> ResolvedTool {
        ResolvedTool { tool: tool.into(), optional: false, found }
    }

    fn there(letter: char) -> Option<InstalledRelease> {
        let archives = vec![Archive { digest: Some(digest(letter)), ..Archive::default() }];
        Some(InstalledRelease { source: "npm".into(), archives, instructions: None })
    }

    fn plan(
        wanted: Vec<ResolvedTool>,
        installed: impl Fn(&str, &str) -> Option<InstalledRelease>,
        force: bool,
    ) -> Plan {
        super::plan(wanted, installed, |_, _| Ok(()), force)
    }

    fn tools(plan: &Plan) -> Vec<&str> {
        plan.decisions.iter().map(|(tool, _)| tool.as_str()).collect()
    }

    #[test]
    fn a_plan_for_an_up_to_date_project_installs_nothing() {
        let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('a'), false);
        assert!(plan.complete());
    }

    #[test]
    fn a_release_that_is_not_proved_is_not_installed_and_one_that_is_there_needs_no_proof() {
        let wanted = || vec![wanted("a", release("1.0.0", None, 'a')), wanted("b", release("1.0.0", None, 'b'))];
        let forged = |tool: &str, _: &ResolvedRelease| match tool {
            "a" => Err(Trouble::new(TroubleKind::Signature, "no")),
            _ => Ok(()),
        };
        let plan = super::plan(wanted(), |_, _| None, forged, false);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. }), (_, Decision::Fail { .. })]));
        assert_eq!(tools(&plan), ["b", "a"]);
        let there = super::plan(wanted(), |tool, _| there(if tool == "a" { 'a' } else { 'b' }), forged, false);
        assert!(there.complete());
    }

    #[test]
    fn force_installs_what_is_there() {
        let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('a'), true);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]));
    }

    #[test]
    fn a_release_made_from_other_bytes_is_installed_again() {
        let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('b'), false);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { replaces: true, .. })]));
    }

    #[test]
    fn a_release_made_by_other_instructions_is_installed_again() {
        let with = |change: fn(&mut ResolvedRelease)| {
            let mut found = release("1.0.0", None, 'a');
            if let Resolved::Release(release) = &mut found {
                change(release);
            }
            found
        };
        let made_by = instructions(&[Part { archive: Archive::default(), origin: None }], &[], None);
        let known = || Some(InstalledRelease { instructions: Some(made_by.clone()), ..there('a')? });
        let decided = |found| plan(vec![wanted("a", found)], |_, _| known(), false).complete();
        assert!(decided(with(|_| ())));
        assert!(!decided(with(|release| release.parts[0].archive.strip = 1)));
        assert!(!decided(with(|release| release.postinstall = Some("true".into()))));
        assert!(!decided(with(|release| {
            release.programs = vec![Program { name: "a".into(), path: "b".into(), runner: None }];
        })));
    }

    #[test]
    fn a_release_of_another_source_is_installed_again_unless_its_digest_is_the_same() {
        let long = |source: &str| {
            let digest = Some(format!("sha512:{}", "a".repeat(128)).parse().expect("a digest"));
            let archives = vec![Archive { digest, ..Archive::default() }];
            Some(InstalledRelease { source: source.into(), archives, instructions: None })
        };
        let installs = |made: fn(&str) -> Option<InstalledRelease>, source: &'static str| {
            let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| made(source), false);
            !plan.complete()
        };
        assert!(installs(long, "url") && !installs(long, "npm"), "digests of different kinds tell nothing");
        let same = |source: &str| Some(InstalledRelease { source: source.into(), ..there('a').expect("it is there") });
        assert!(!installs(same, "url"), "the same bytes from elsewhere");
    }

    #[test]
    fn another_version_in_the_store_is_no_reason_to_do_nothing() {
        let installed = |_: &str, version: &str| (version == "1.0.0").then(|| there('a')).flatten();
        let plan = plan(vec![wanted("a", release("2.0.0", None, 'a'))], installed, false);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]));
    }

    #[test]
    fn the_largest_comes_first_and_what_needs_no_install_last() {
        let wanted = vec![
            wanted("skipped", Resolved::NotHere),
            wanted("small", release("1.0.0", Some(10), 'a')),
            wanted("broken", Resolved::Nothing { error: Trouble::new(TroubleKind::NotFound, "no") }),
            wanted("large", release("1.0.0", Some(1000), 'b')),
            wanted("unknown", release("1.0.0", None, 'c')),
        ];
        let plan = plan(wanted, |_, _| None, false);
        assert_eq!(tools(&plan), ["large", "small", "unknown", "broken", "skipped"]);
        assert!(!plan.complete());
    }

    /// The decision for a release of two archives from this source, of which the second has no digest.
    fn half_known(source: SourceKind, is_installed: bool, force: bool) -> Decision {
        let mut found = release("1.0.0", None, 'a');
        if let Resolved::Release(release) = &mut found {
            release.source = source;
            let archive = Archive { digest: None, ..release.parts[0].archive.clone() };
            release.parts.push(Part { archive, origin: None });
        }
        let mut plan = plan(vec![wanted("a", found)], |_, _| is_installed.then(|| there('a')).flatten(), force);
        plan.decisions.remove(0).1
    }

    #[test]
    fn an_address_without_a_digest_is_refused_also_when_it_is_installed_or_forced() {
        for source in [SourceKind::Url, SourceKind::Vendor] {
            for (is_installed, force) in [(false, false), (true, false), (true, true)] {
                let Decision::Fail { error } = half_known(source, is_installed, force) else {
                    panic!("{source} must not be installed: {is_installed}, {force}")
                };
                assert!(error.text.contains("`a` comes from an address, and no digest"), "{error}");
                assert!(error.hint.is_some_and(|hint| hint.contains("vx lock")));
                assert_eq!(error.kind, TroubleKind::Digest);
            }
        }
    }

    #[test]
    fn an_address_whose_archives_all_have_digests_is_installed() {
        for source in SourceKind::ALL {
            let mut found = release("1.0.0", None, 'a');
            if let Resolved::Release(release) = &mut found {
                release.source = source;
            }
            let plan = plan(vec![wanted("a", found)], |_, _| None, false);
            assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]), "{source}");
        }
    }

    #[test]
    fn a_refused_release_leaves_the_others_to_be_installed() {
        let mut found = release("1.0.0", Some(1000), 'a');
        if let Resolved::Release(release) = &mut found {
            (release.source, release.parts[0].archive.digest) = (SourceKind::Url, None);
        }
        let plan = plan(vec![wanted("bare", found), wanted("good", release("1.0.0", None, 'b'))], |_, _| None, false);
        assert_eq!(tools(&plan), ["good", "bare"]);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. }), (_, Decision::Fail { .. })]));
    }

    #[test]
    fn what_prints_a_plan_prints_no_credential() {
        let mut found = release("1.0.0", None, 'a');
        if let Resolved::Release(release) = &mut found {
            let url = "https://user:planted@host.invalid/p.tgz".into();
            release.parts[0].origin = Some(Origin { url, authorization: Some("Bearer planted".into()) });
        }
        assert!(!format!("{found:?}").contains("planted"));
    }
}
