//! How each tool stands before anyone is asked: by the lock, by what is on `PATH`, or still open.

use super::{Resolver, failed};
use crate::candidate::SourceKind;
use crate::platform::Platform;
use crate::project::{LockedTool, Request, ToolRequest};
use crate::source::Recipe;
use crate::sync::plan::Found;

/// How one tool stands after a look at the lock.
pub(super) enum Standing<'a> {
    /// Nothing more to find out.
    Settled(Found),
    /// The lock names the version, but not the archives of all the platforms that are wanted.
    Partly(Recipe, &'a LockedTool),
    /// Nothing is known yet but, perhaps, the version that a lock of an older format pins.
    Open(Recipe, Option<Request>),
}

impl Resolver<'_> {
    /// A tool whose lock entry lacks platforms that it may be there for.
    pub(super) fn incomplete<'a>(&self, ask: &ToolRequest, locked: &'a LockedTool) -> Option<Standing<'a>> {
        let recipe = self.recipe(ask, self.platform).ok().filter(|recipe| recipe.source == locked.source)?;
        let lacking = |platform: &Platform| {
            let wanted = ask.wanted_on(platform.os) && !locked.platforms.contains_key(platform);
            wanted && self.recipe(ask, *platform).is_ok()
        };
        Platform::ALL.iter().any(lacking).then_some(Standing::Partly(recipe, locked))
    }

    pub(super) fn standing<'a>(
        &self,
        ask: &ToolRequest,
        locked: Option<&'a LockedTool>,
        upgraded: bool,
    ) -> Standing<'a> {
        let here = ask.wanted_on(self.platform.os);
        if !here && (self.frozen || !self.all_platforms || locked.is_some()) {
            return Standing::Settled(Found::NotHere);
        }
        let recipe = match self.recipe(ask, self.platform) {
            Ok(recipe) if here || recipe.source != SourceKind::System => recipe,
            Err(error) if here => return Standing::Settled(failed(&error)),
            _ => return Standing::Settled(Found::NotHere),
        };
        if recipe.source == SourceKind::System {
            return Standing::Settled(self.on_path(ask, &recipe));
        }
        match locked {
            Some(locked) => match locked.platforms.get(&self.platform) {
                Some(parts) => Standing::Settled(self.locked_release(ask, &recipe, locked, parts)),
                None if self.frozen => Standing::Settled(Found::Nothing {
                    error: format!(
                        "vx.lock has no archive of `{}` for {}\nhint: run `vx lock`",
                        ask.name, self.platform
                    ),
                }),
                None => Standing::Partly(recipe, locked),
            },
            None if self.frozen => Standing::Settled(Found::Nothing {
                error: format!("`{}` is not in vx.lock\nhint: run `vx lock`, or leave out `--frozen`", ask.name),
            }),
            None => Standing::Open(recipe, self.pin(ask).filter(|_| !upgraded)),
        }
    }

    fn on_path(&self, ask: &ToolRequest, recipe: &Recipe) -> Found {
        let found = match self.sources.system(recipe) {
            Ok(found) => found,
            Err(error) => return failed(&error),
        };
        let version = found.version.clone().unwrap_or_default();
        let fits = ask.request.is_system() || ask.request.matches(&version, crate::candidate::Scheme::Python);
        if !fits {
            let (tool, wanted) = (&ask.name, ask.request.text());
            let path = found.path.display();
            return Found::Nothing {
                error: format!(
                    "`{tool}` on PATH is {version} ({path}), and vx.toml asks for `{wanted}`\nhint: change the version, or \
                     leave out `source = \"system\"` to have vx install it"
                ),
            };
        }
        Found::OnPath { program: found.path, version }
    }
}
