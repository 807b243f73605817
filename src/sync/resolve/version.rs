//! Which version answers a request: the one that a lock of an older format pins, where it does, else the newest.

use super::Resolver;
use super::needed::Runner;
use crate::candidate::{Candidate, Scheme, SourceKind};
use crate::hint::told;
use crate::project::{Request, ToolRequest};
use crate::source::Recipe;

/// A request that no version answers, or that nobody could answer.
pub(super) enum Unanswered {
    /// Nobody could be asked; the error as it is told.
    Unknown(String),
    /// None of the versions fits; the error as it is told.
    NoMatch(String),
}

impl Resolver<'_> {
    /// The version of this tool that a lock of an older format pins.
    pub(super) fn pin(&self, ask: &ToolRequest) -> Option<Request> {
        self.pins.get(&ask.name).and_then(|version| Request::parse(version).ok())
    }

    /// The version of a tool: the pinned one where the request accepts it, else the newest that answers the request.
    pub(super) fn version(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        pin: Option<&Request>,
        runner: Option<&Runner>,
    ) -> Result<String, String> {
        if recipe.source == SourceKind::Url {
            return exact(ask.request.text()).ok_or_else(|| {
                let (tool, text) = (&ask.name, ask.request.text());
                format!(
                    "`{tool}` comes from an address and needs an exact version, not `{text}`\nhint: name one in vx.toml"
                )
            });
        }
        if let Some(pin) = pin {
            match self.choose(pin, recipe, runner) {
                Ok(pinned) if accepts(&ask.request, &pinned) => return Ok(pinned.version),
                Err(Unanswered::NoMatch(_)) if accepts_unseen(&ask.request, pin, recipe) => {
                    let (tool, kind) = (&ask.name, recipe.source);
                    return Err(format!(
                        "`{tool}`: vx.lock pins {pin}, and {kind} does not offer it\nhint: choose another version with \
                         `vx lock --upgrade {tool}`"
                    ));
                }
                Err(Unanswered::Unknown(error)) => return Err(error),
                // What vx.toml asks for by now is another version.
                Ok(_) | Err(Unanswered::NoMatch(_)) => {}
            }
        }
        match self.choose(&ask.request, recipe, runner) {
            Ok(chosen) => Ok(chosen.version),
            Err(Unanswered::Unknown(error)) => Err(error),
            Err(Unanswered::NoMatch(error)) => Err(format!("`{}`: {error}", ask.name)),
        }
    }

    /// The newest release that answers; where none of those known does, of a list that is asked for anew.
    ///
    /// What cannot be run by the version of `runner` is passed over.
    pub(super) fn choose(
        &self,
        request: &Request,
        recipe: &Recipe,
        runner: Option<&Runner>,
    ) -> Result<Candidate, Unanswered> {
        let unknown = |error| Unanswered::Unknown(told(&error));
        let known = self.sources.candidates(recipe, self.platform).map_err(unknown)?;
        if let Ok(chosen) = request.choose(&runnable(known, runner)) {
            return Ok(chosen.clone());
        }
        let candidates = self.sources.candidates_anew(recipe, self.platform).map_err(unknown)?;
        let unfit = runner.and_then(|runner| Some((runner, request.choose(&candidates).ok()?.clone())));
        match (request.choose(&runnable(candidates, runner)), unfit) {
            (Ok(chosen), _) => Ok(chosen.clone()),
            (Err(_), Some((runner, newest))) => Err(Unanswered::NoMatch(too_old(runner, &newest))),
            (Err(error), None) => Err(Unanswered::NoMatch(told(&error))),
        }
    }
}

/// The versions that can be run.
fn runnable(candidates: Vec<Candidate>, runner: Option<&Runner>) -> Vec<Candidate> {
    candidates.into_iter().filter(|candidate| runner.is_none_or(|runner| runner.runs(candidate))).collect()
}

fn too_old(runner: &Runner, newest: &Candidate) -> String {
    let Runner { tool, version } = runner;
    let range = newest.engine.as_deref().unwrap_or_default();
    format!(
        "{} needs {tool} {range}, and this project's is {version}\nhint: change the version of `{tool}`, or ask for \
         another one of this",
        newest.version
    )
}

/// Whether the request accepts a pinned release; one that was withdrawn since is still the one that was pinned.
fn accepts(request: &Request, pinned: &Candidate) -> bool {
    request.choose(&[Candidate { yanked: false, ..pinned.clone() }]).is_ok()
}

/// The same for a pinned version that is not offered.
fn accepts_unseen(request: &Request, pin: &Request, recipe: &Recipe) -> bool {
    let scheme = if recipe.source == SourceKind::Npm { Scheme::Semver } else { Scheme::Python };
    exact(pin.text()).is_some_and(|version| request.matches(&version, scheme))
}

/// The version that a request names outright.
fn exact(request: &str) -> Option<String> {
    let bare = request.trim_start_matches(['=', 'v', ' ']);
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-+_".contains(character);
    let named = bare.starts_with(|character: char| character.is_ascii_digit());
    let wild = bare.split('.').any(|part| matches!(part, "x" | "X" | "*"));
    (named && !wild && bare.chars().all(plain)).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
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
        let request = Request::parse("1").expect("a request");
        let pinned = Candidate { yanked: true, ..Candidate::new("1.2.0", Scheme::Semver) };
        assert!(accepts(&request, &pinned));
        assert!(!accepts(&request, &Candidate { version: "2.0.0".into(), ..pinned }));
    }
}
