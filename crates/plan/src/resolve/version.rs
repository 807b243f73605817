//! Finds the version for a request: the pinned one if the request accepts it, or else the newest that is old enough.

use vx_base::package::candidate::Candidate;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::Recipe;
use vx_project::{ToolRequest, VersionRequest};

use super::Resolver;
use super::aged::{AgedChoice, Unanswered};
use super::pin::Pin;
use super::runner_tools::{RunnerTool, runnable};

impl Resolver<'_> {
    /// Find a tool's version: the pinned one if the request accepts it, or else the newest that matches the request and
    /// is old enough.
    pub(super) fn version(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        pin: Option<&Pin>,
        runner: Option<&RunnerTool>,
    ) -> Result<AgedChoice, Trouble> {
        if let Some(impossible) = ask.request.impossible() {
            return Err(Trouble::from_error(&impossible).about(format_args!("`{}`", ask.name)));
        }
        if recipe.source.facts().has_own_address {
            let version = exact(ask.request.text()).map(|version| Candidate::new(version, recipe.source.scheme()));
            return version.map(|release| AgedChoice { release, soon: None }).ok_or_else(|| {
                let (tool, text) = (&ask.name, ask.request.text());
                let text = format!("`{tool}` comes from an address and needs an exact version, not `{text}`");
                Trouble::new(TroubleKind::Configuration, text).hinted("name one in vx.toml")
            });
        }
        if let Some(Pin { request, aged }) = pin {
            let age = self.age.for_tool(ask.minimum_release_age);
            let holds = |pinned: &Candidate| {
                let young = pinned.published.is_some_and(|published| age.is_young(published));
                accepts(&ask.request, pinned) && !(*aged && young)
            };
            match self.choose(ask, request, recipe, runner) {
                Ok(pinned) if holds(&pinned.release) => return Ok(pinned),
                Err(Unanswered::NoMatch(_)) if accepts_unseen(&ask.request, request, recipe) => {
                    let (tool, kind) = (&ask.name, recipe.source);
                    let text = format!("`{tool}`: vx.lock pins {request}, and {kind} does not offer it");
                    let hint = format!("choose another version with `vx lock --upgrade {tool}`");
                    return Err(Trouble::new(TroubleKind::Lock, text).hinted(hint));
                }
                Err(Unanswered::Unknown(error)) => return Err(error),
                // `vx.toml` now requests another version.
                Ok(_) | Err(Unanswered::NoMatch(_) | Unanswered::TooYoung(_)) => {}
            }
        }
        match self.choose(ask, &ask.request, recipe, runner) {
            Ok(chosen) => Ok(chosen),
            Err(Unanswered::Unknown(error) | Unanswered::TooYoung(error)) => Err(error),
            Err(Unanswered::NoMatch(error)) => Err(error.about(format_args!("`{}`", ask.name))),
        }
    }

    /// Choose the newest release that matches and is old enough; if no known one matches, the list of releases is
    /// requested again.
    ///
    /// Releases that this version of `runner` can't run are left out.
    pub(super) fn choose(
        &self,
        ask: &ToolRequest,
        request: &VersionRequest,
        recipe: &Recipe,
        runner: Option<&RunnerTool>,
    ) -> Result<AgedChoice, Unanswered> {
        let unknown = |error| Unanswered::Unknown(Trouble::from_error(&error));
        let known = self.sources.candidates(recipe, self.platform).map_err(unknown)?;
        if let Ok(chosen) = request.choose(&runnable(known, runner)) {
            return self.of_age(ask, request, recipe, runner, chosen.clone());
        }
        let candidates = self.sources.candidates_anew(recipe, self.platform).map_err(unknown)?;
        let unfit = runner.and_then(|runner| Some((runner, request.choose(&candidates).ok()?.clone())));
        match (request.choose(&runnable(candidates, runner)), unfit) {
            (Ok(chosen), _) => self.of_age(ask, request, recipe, runner, chosen.clone()),
            (Err(_), Some((runner, newest))) => Err(Unanswered::NoMatch(too_old(runner, &newest))),
            (Err(error), None) => Err(Unanswered::NoMatch(Trouble::from_error(&error))),
        }
    }
}

fn too_old(runner: &RunnerTool, newest: &Candidate) -> Trouble {
    let RunnerTool { tool, version } = runner;
    let range = newest.engine.as_deref().unwrap_or_default();
    let text = format!("{} needs {tool} {range}, and this project's is {version}", newest.version);
    let hint = format!("change the version of `{tool}`, or request another version of this tool");
    Trouble::new(TroubleKind::Dependency, text).hinted(hint)
}

/// Whether the request accepts a pinned release; it doesn't matter if that was withdrawn later.
pub(super) fn accepts(request: &VersionRequest, pinned: &Candidate) -> bool {
    request.choose(&[Candidate { yanked: false, ..pinned.clone() }]).is_ok()
}

/// Whether the request accepts a pinned version that is no longer offered.
fn accepts_unseen(request: &VersionRequest, pin: &VersionRequest, recipe: &Recipe) -> bool {
    exact(pin.text()).is_some_and(|version| request.matches(&version, recipe.source.scheme()))
}

/// The exact version that a request names.
pub(super) fn exact(request: &str) -> Option<String> {
    let bare = request.trim_start_matches(['=', 'v', ' ']);
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-+_".contains(character);
    let named = bare.starts_with(|character: char| character.is_ascii_digit());
    let wild = bare.split('.').any(|part| matches!(part, "x" | "X" | "*"));
    (named && !wild && bare.chars().all(plain)).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use vx_base::package::candidate::Scheme;

    use super::*;

    #[test]
    fn an_exact_version_is_told_from_a_range() {
        for (text, version) in [("1.4.0", "1.4.0"), ("v1.4", "1.4"), ("=2.0.0-rc.1", "2.0.0-rc.1"), ("2024a", "2024a")]
        {
            assert_eq!(exact(text).as_deref(), Some(version), "{text}");
        }
        for text in ["", "latest", "^1", ">=1 <2", "1.x", "1.*", "*", "1 - 2", "1 || 2", "../1"] {
            assert_eq!(exact(text), None, "{text}");
        }
    }

    #[test]
    fn a_pinned_release_that_was_withdrawn_is_still_accepted_within_the_request() {
        let request = VersionRequest::parse("1").expect("a request");
        let pinned = Candidate { yanked: true, ..Candidate::new("1.2.0", Scheme::Semver) };
        assert!(accepts(&request, &pinned));
        assert!(!accepts(&request, &Candidate { version: "2.0.0".into(), ..pinned }));
    }
}
