//! How far each tool is before any request: settled by the lock or by `PATH`, or still open.

use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::Recipe;
use vx_project::{LockedTool, ToolRequest};

use super::pin::Pin;
use super::{Resolver, failed};
use crate::plan::ToolResolution;

/// How far a tool is after the lock was read.
pub(super) enum ToolLockState<'a> {
    /// Resolved without a request.
    Settled(ToolResolution),
    /// The lock has the version, but not the archives of all requested platforms.
    Partly(Recipe, &'a LockedTool),
    /// Open, except that a lock may pin the version.
    Open(Recipe, Option<Pin>),
}

impl ToolLockState<'_> {
    /// Source to ask.
    pub(super) fn source(&self) -> Option<SourceKind> {
        match self {
            Self::Settled(_) => None,
            Self::Partly(recipe, _) | Self::Open(recipe, _) => Some(recipe.source),
        }
    }
}

impl Resolver<'_> {
    /// Check whether a tool's lock entry lacks platforms; `None` if the entry is complete.
    pub(super) fn incomplete<'a>(&self, ask: &ToolRequest, locked: &'a LockedTool) -> Option<ToolLockState<'a>> {
        let recipe =
            self.recipe(ask, self.platform).ok().filter(|recipe| recipe.source == locked.source && !ask.withheld)?;
        let lacking = |platform: &Platform| {
            let wanted = ask.wanted_on(platform.os) && !locked.platforms.contains_key(platform);
            wanted && self.recipe(ask, *platform).is_ok()
        };
        let usable = Platform::ALL.iter().any(lacking) && self.forgery(ask, locked, &Platform::ALL).is_none();
        usable.then_some(ToolLockState::Partly(recipe, locked))
    }

    pub(super) fn standing<'a>(
        &self,
        ask: &ToolRequest,
        locked: Option<&'a LockedTool>,
        upgraded: bool,
    ) -> ToolLockState<'a> {
        let here = ask.wanted_on(self.platform.os);
        if ask.withheld {
            return ToolLockState::Settled(ToolResolution::Nothing { error: withheld(ask) });
        }
        let settled = locked.filter(|_| !self.in_doubt(ask));
        if !here && (self.frozen || !self.all_platforms || settled.is_some()) {
            return ToolLockState::Settled(ToolResolution::NotHere);
        }
        let recipe = match self.recipe(ask, self.platform) {
            Ok(recipe) if here || recipe.source.facts().is_installed => recipe,
            Err(error) if here => return ToolLockState::Settled(failed(&error)),
            _ => return ToolLockState::Settled(ToolResolution::NotHere),
        };
        if !recipe.source.facts().is_installed {
            return ToolLockState::Settled(self.on_path(ask, &recipe));
        }
        if let Some(forged) = locked.and_then(|locked| self.forgery(ask, locked, &[self.platform])) {
            return ToolLockState::Settled(failed(&forged));
        }
        match locked {
            Some(locked) if settled.is_none() => ToolLockState::Open(recipe, self.pin_if_aged(locked)),
            Some(locked) => match locked.platforms.get(&self.platform) {
                Some(parts) => ToolLockState::Settled(self.locked_release(ask, &recipe, locked, parts)),
                None if self.frozen => {
                    let text = format!("vx.lock has no archive of `{}` for {}", ask.name, self.platform);
                    ToolLockState::Settled(ToolResolution::Nothing {
                        error: unlocked(text, format!("run {}", self.lock_command())),
                    })
                }
                None if recipe.source != locked.source => ToolLockState::Open(recipe, None),
                None => ToolLockState::Partly(recipe, locked),
            },
            None if self.frozen => {
                let text = format!("`{}` is not in vx.lock", ask.name);
                let hint = format!("run {}, or leave out `--frozen`", self.lock_command());
                ToolLockState::Settled(ToolResolution::Nothing { error: unlocked(text, hint) })
            }
            None => ToolLockState::Open(recipe, self.pin(ask).filter(|_| !upgraded)),
        }
    }

    /// Command that writes the lock, with its directory unless that is the project at hand.
    fn lock_command(&self) -> String {
        match self.lock_above {
            Some(directory) => format!("`vx lock` in `{}`", directory.display()),
            None => "`vx lock`".into(),
        }
    }

    fn on_path(&self, ask: &ToolRequest, recipe: &Recipe) -> ToolResolution {
        let found = match self.sources.system(recipe) {
            Ok(found) => found,
            Err(error) => return failed(&error),
        };
        let version = found.version.clone().unwrap_or_default();
        let fits =
            ask.request.is_system() || ask.request.matches(&version, vx_base::package::candidate::Scheme::Python);
        if !fits {
            let (tool, wanted) = (&ask.name, ask.request.text());
            let path = found.path.display();
            let text = format!("`{tool}` on PATH is {version} ({path}), and vx.toml asks for `{wanted}`");
            let hint = "change the version, or leave out `source = \"system\"` to have vx install it";
            return ToolResolution::Nothing { error: Trouble::new(TroubleKind::NotFound, text).hinted(hint) };
        }
        ToolResolution::OnPath { program: found.path, version }
    }
}

fn withheld(ask: &ToolRequest) -> Trouble {
    let text = format!("`{}` needs your consent to what vx.toml and vx.lock say about it", ask.name);
    Trouble::new(TroubleKind::Consent, text).hinted("`vx trust` lists everything that the project would do, and asks")
}

fn unlocked(text: String, hint: String) -> Trouble {
    Trouble::new(TroubleKind::Lock, text).hinted(hint)
}
