//! Chooses among releases by age: a range or `latest` takes the newest that is old enough.
//!
//! The times that a source gives with its list of versions are used first. Only if these leave the choice open, the
//! source is asked for more precise ones.

use std::slice;

use jiff::Timestamp;
use vx_base::age::{Published, ReleaseAge, in_words, to_the_second};
use vx_base::package::candidate::Candidate;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_fetch::Recipe;
use vx_project::{LockedTool, ToolRequest, VersionRequest};

use super::Resolver;
use super::runner_tools::{RunnerTool, runnable};

/// Release for a request.
pub(super) struct AgedChoice {
    /// The release.
    pub(super) release: Candidate,
    /// Newest matching release, if that is newer than `release` and too young.
    pub(super) soon: Option<Soon>,
}

/// Why a request has no version.
pub(super) enum Unanswered {
    /// The versions are unknown.
    Unknown(Trouble),
    /// No version fits.
    NoMatch(Trouble),
    /// All versions that fit are too young.
    TooYoung(Trouble),
}

/// A release that is too young.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soon {
    /// Its version.
    pub version: String,
    /// When it will be old enough.
    pub from: Timestamp,
    /// Smallest age, and the time of the comparison.
    pub age: ReleaseAge,
}

/// A remark about the age of a release that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgeRemark {
    /// It is younger than the smallest age, and was chosen because the request names its exact version.
    Young {
        /// Name of the tool.
        tool: String,
        /// The version.
        version: String,
        /// When it was published.
        published: Timestamp,
        /// Smallest age, and the time of the comparison.
        age: ReleaseAge,
    },
    /// Its source gives no times of publication. Each source is reported once per home.
    Undated {
        /// Host of the source.
        host: String,
    },
}

/// Releases match a request, but all are too young.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{tool}`: all that match `{request}` were published after {}, the latest time that `minimum_release_age` ({}) allows",
    to_the_second(*cutoff), in_words(age.minimum)
)]
struct TooYoung {
    tool: String,
    request: String,
    cutoff: Timestamp,
    age: ReleaseAge,
    /// Release that will be old enough first, and when.
    first: Option<(String, Timestamp)>,
}

impl Explain for TooYoung {
    fn kind(&self) -> TroubleKind {
        TroubleKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        let tool = &self.tool;
        let allow = format!(
            "set `minimum_release_age` in [settings], or for it alone: `{tool} = {{ version = \"{}\", \
             minimum_release_age = \"0\" }}`",
            self.request
        );
        Some(match &self.first {
            Some((version, from)) => {
                let wait = in_words(self.age.wait_for(*from));
                let from = to_the_second(*from);
                format!(
                    "{version} is old enough at {from}, in {wait}; to have it now, ask for `{version}` exactly, or {allow}"
                )
            }
            None => allow,
        })
    }
}

impl Resolver<'_> {
    /// Choose for a request whose newest match is `newest`: that release if it is old enough or named exactly, or else
    /// the newest that is old enough.
    pub(super) fn of_age(
        &self,
        ask: &ToolRequest,
        request: &VersionRequest,
        recipe: &Recipe,
        runner: Option<&RunnerTool>,
        newest: Candidate,
    ) -> Result<AgedChoice, Unanswered> {
        let age = self.age.for_tool(ask.minimum_release_age);
        let is_young = |candidate: &Candidate| candidate.published.is_some_and(|published| age.is_young(published));
        if !is_young(&newest) {
            return Ok(AgedChoice { release: newest, soon: None });
        }
        let dated = self.sources.dated_candidates(recipe, self.platform);
        if request.names_exactly(&newest.version, newest.scheme) {
            // Its age is only worth a notice, so it doesn't matter if the source doesn't answer.
            let same = |candidate: &Candidate| candidate.version == newest.version;
            let release = dated.ok().and_then(|all| all.into_iter().find(same)).unwrap_or(newest);
            return Ok(AgedChoice { release, soon: None });
        }
        let all = runnable(dated.map_err(|error| Unanswered::Unknown(Trouble::from_error(&error)))?, runner);
        let soon = request.choose(&all).ok().filter(|newest| is_young(newest)).and_then(|newest| {
            let from = age.allowed_from(newest.published?);
            Some(Soon { version: newest.version.clone(), from, age })
        });
        let (young, old): (Vec<Candidate>, Vec<Candidate>) = all.into_iter().partition(is_young);
        match request.choose(&old) {
            Ok(release) => Ok(AgedChoice { release: release.clone(), soon }),
            Err(_) => Err(Unanswered::TooYoung(Trouble::from_error(&too_young(ask, request, age, young)))),
        }
    }

    /// Whether the lock shows that its release of a tool is too young, or does not show that it is old enough.
    pub(super) fn in_doubt(&self, ask: &ToolRequest) -> bool {
        !self.frozen && !self.lock.young(slice::from_ref(ask), self.age).is_empty()
    }

    /// Give a release the time of publication in the lock, if by that time it is old enough. Otherwise the entry of an
    /// unchanged release would change with every release of its package.
    pub(super) fn timed_as_locked(&self, ask: &ToolRequest, recipe: &Recipe, release: Candidate) -> Candidate {
        let age = self.age.for_tool(ask.minimum_release_age);
        let same = |locked: &&LockedTool| locked.version == release.version && locked.source == recipe.source;
        let known = self.lock.tools.get(&ask.name).filter(same).and_then(|locked| locked.published);
        let published = known.filter(|known| !age.is_young(*known)).or(release.published);
        Candidate { published, ..release }
    }

    /// Make the remark about a chosen release's age, if one is due.
    pub(super) fn remark(&self, ask: &ToolRequest, recipe: &Recipe, release: &Candidate) -> Option<AgeRemark> {
        let age = self.age.for_tool(ask.minimum_release_age);
        match release.published {
            Some(Published::At(published)) if age.is_young(Published::At(published)) => {
                Some(AgeRemark::Young { tool: ask.name.clone(), version: release.version.clone(), published, age })
            }
            None if age.cutoff().is_some() && recipe.source.facts().lists_versions => {
                let by_range = !ask.request.names_exactly(&release.version, release.scheme);
                let host = by_range.then(|| self.sources.first_without_dates(recipe)).flatten()?;
                Some(AgeRemark::Undated { host })
            }
            _ => None,
        }
    }
}

fn too_young(ask: &ToolRequest, request: &VersionRequest, age: ReleaseAge, mut young: Vec<Candidate>) -> TooYoung {
    young.sort_by_key(|candidate| candidate.published.map(Published::latest));
    let first = young.iter().find(|candidate| request.choose(slice::from_ref(candidate)).is_ok());
    TooYoung {
        tool: ask.name.clone(),
        request: request.text().to_owned(),
        cutoff: age.cutoff().unwrap_or(age.now),
        age,
        first: first.and_then(|one| Some((one.version.clone(), age.allowed_from(one.published?)))),
    }
}
