//! The plan: what has to be done with each tool, from what was resolved and what is installed. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::step::Step;
use crate::config::Program;
use crate::digest::Digest;

/// One tool of the project, resolved as far as it could be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The tool, by its name in `vx.toml`.
    pub tool: String,
    /// What came of it.
    pub found: Found,
}

/// What the resolution of one tool came to.
#[derive(Clone, Debug)]
pub enum Found {
    /// A release to install.
    Release(Box<Release>),
    /// The program that is on `PATH` already.
    OnPath {
        /// Its file.
        program: PathBuf,
        /// What it says its version is.
        version: String,
    },
    /// `vx.toml` wants it on other systems only.
    NotHere,
    /// Nothing fits, or nobody could be asked.
    Nothing {
        /// Why, with what to do next.
        error: String,
    },
}

/// A release of a tool, exactly.
#[derive(Clone, Debug)]
pub struct Release {
    /// The exact version.
    pub version: String,
    /// `npm`, `pypi` or `url`.
    pub source: String,
    /// What to fetch, in order.
    pub parts: Vec<ReleasePart>,
    /// The programs it provides.
    pub programs: Vec<Program>,
    /// The tool that runs its programs, where that is another one.
    pub needs: Option<String>,
    /// Free settings of the tool.
    pub options: BTreeMap<String, String>,
    /// A command to run before the release is activated.
    pub postinstall: Option<String>,
}

/// One archive of a release.
#[derive(Clone, PartialEq, Eq)]
pub struct ReleasePart {
    /// The source's name of the package.
    pub package: String,
    /// The package's own version.
    pub version: String,
    /// The archive's file name.
    pub file_name: String,
    /// What its bytes digest to.
    pub digest: Option<Digest>,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// How many leading path components to drop.
    pub strip: u32,
    /// The folder to unpack into; empty for the top.
    pub into: String,
    /// Where it is; not known yet for what a lock file names.
    pub place: Option<Place>,
}

/// Where an archive is, with what its host wants to see.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub url: String,
    /// The `Authorization` header for its host.
    pub authorization: Option<String>,
}

/// What the plan has to know of an installed release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledRelease {
    /// The digests of the archives it was made from.
    pub digests: Vec<Digest>,
}

/// What is to be done with one tool.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Install this release.
    Install {
        /// The release.
        release: Box<Release>,
        /// Whether it takes the place of one that is there: asked for by force, or made from other bytes.
        replaces: bool,
    },
    /// Nothing has to be done, for this reason; with the version that is there.
    Nothing {
        /// The version; empty where the tool is not for this machine.
        version: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be done.
    Fail {
        /// Why, with what to do next.
        error: String,
    },
}

/// What is to be done, tool by tool: first what is installed, the largest first, then the rest by name.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Each tool with its decision.
    pub decisions: Vec<(String, Decision)>,
}

impl Plan {
    /// Whether every tool is there.
    pub fn complete(&self) -> bool {
        self.decisions.iter().all(|(_, decision)| matches!(decision, Decision::Nothing { .. }))
    }

    /// The steps that carry it out; `locate` turns a release into what its child needs to know.
    pub fn into_steps(self, mut locate: impl FnMut(&str, Release, bool) -> Step) -> Vec<Step> {
        use super::step::Action;
        let step = |(tool, decision): (String, Decision)| match decision {
            Decision::Install { release, replaces } => locate(&tool, *release, replaces),
            Decision::Nothing { version, reason } => Step { tool, version, action: Action::Skip { reason } },
            Decision::Fail { error } => Step { tool, version: String::new(), action: Action::Fail { error } },
        };
        self.decisions.into_iter().map(step).collect()
    }
}

/// Decide. `installed` knows the releases in the store; with `force` they are installed again.
///
/// The largest archives come first, so that the run does not end with everybody waiting for one that started last.
pub fn plan(wanted: Vec<Wanted>, installed: impl Fn(&str, &str) -> Option<InstalledRelease>, force: bool) -> Plan {
    let mut decisions: Vec<(String, Decision)> = wanted
        .into_iter()
        .map(|wanted| {
            let decision = decide(&wanted.tool, wanted.found, &installed, force);
            (wanted.tool, decision)
        })
        .collect();
    decisions.sort_by(|(left_tool, left), (right_tool, right)| {
        order(left).cmp(&order(right)).then_with(|| left_tool.cmp(right_tool))
    });
    Plan { decisions }
}

fn decide(
    tool: &str,
    found: Found,
    installed: &impl Fn(&str, &str) -> Option<InstalledRelease>,
    force: bool,
) -> Decision {
    match found {
        Found::Release(release) => match installed(tool, &release.version) {
            Some(there) if !force && made_from(&there, &release) => {
                Decision::Nothing { version: release.version, reason: "up to date".into() }
            }
            there => Decision::Install { release, replaces: there.is_some() },
        },
        Found::OnPath { program, version } => {
            Decision::Nothing { version, reason: format!("on PATH: {}", program.display()) }
        }
        Found::NotHere => Decision::Nothing { version: String::new(), reason: "not for this system".into() },
        Found::Nothing { error } => Decision::Fail { error },
    }
}

/// Whether what is installed came from the very archives that are wanted, as far as both are known.
fn made_from(there: &InstalledRelease, release: &Release) -> bool {
    release.parts.iter().filter_map(|part| part.digest.as_ref()).all(|digest| {
        // A receipt may know a digest by another algorithm: only two of one kind can disagree.
        let mut same_kind = there.digests.iter().filter(|known| known.algorithm() == digest.algorithm()).peekable();
        same_kind.peek().is_none() || same_kind.any(|known| known == digest)
    })
}

fn order(decision: &Decision) -> (u8, std::cmp::Reverse<u64>) {
    match decision {
        Decision::Install { release, .. } => (0, std::cmp::Reverse(release.size_bytes())),
        _ => (1, std::cmp::Reverse(0)),
    }
}

impl Release {
    /// What there is to fetch, in bytes, as far as it is known.
    pub fn size_bytes(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.size).sum()
    }
}

impl std::fmt::Debug for Place {
    /// Without credentials, which may also stand in an address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place")
    }
}

impl std::fmt::Debug for ReleasePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.package, self.version, self.file_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(letter: char) -> Digest {
        letter.to_string().repeat(64).parse().expect("a digest")
    }

    fn release(version: &str, size: Option<u64>, letter: char) -> Found {
        let part = ReleasePart {
            package: "p".into(),
            version: version.into(),
            file_name: "p.tgz".into(),
            digest: Some(digest(letter)),
            size,
            strip: 1,
            into: String::new(),
            place: None,
        };
        Found::Release(Box::new(Release {
            version: version.into(),
            source: "npm".into(),
            parts: vec![part],
            programs: Vec::new(),
            needs: None,
            options: BTreeMap::new(),
            postinstall: None,
        }))
    }

    fn wanted(tool: &str, found: Found) -> Wanted {
        Wanted { tool: tool.into(), found }
    }

    fn there(letter: char) -> Option<InstalledRelease> {
        Some(InstalledRelease { digests: vec![digest(letter)] })
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
    fn another_version_in_the_store_is_no_reason_to_do_nothing() {
        let installed = |_: &str, version: &str| (version == "1.0.0").then(|| there('a')).flatten();
        let plan = plan(vec![wanted("a", release("2.0.0", None, 'a'))], installed, false);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]));
    }

    #[test]
    fn the_largest_comes_first_and_what_needs_no_install_last() {
        let wanted = vec![
            wanted("skipped", Found::NotHere),
            wanted("small", release("1.0.0", Some(10), 'a')),
            wanted("broken", Found::Nothing { error: "no".into() }),
            wanted("large", release("1.0.0", Some(1000), 'b')),
            wanted("unknown", release("1.0.0", None, 'c')),
        ];
        let plan = plan(wanted, |_, _| None, false);
        assert_eq!(tools(&plan), ["large", "small", "unknown", "broken", "skipped"]);
        assert!(!plan.complete());
    }

    #[test]
    fn what_prints_a_plan_prints_no_credential() {
        let mut found = release("1.0.0", None, 'a');
        if let Found::Release(release) = &mut found {
            let url = "https://user:planted@host.invalid/p.tgz".into();
            release.parts[0].place = Some(Place { url, authorization: Some("Bearer planted".into()) });
        }
        assert!(!format!("{found:?}").contains("planted"));
    }
}
