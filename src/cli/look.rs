//! The look of the views for this user, from `[ui]` of the user's own `vx.toml` and from the environment.
//!
//! The terminal is never queried: one that does not reply would delay the view.

use vx_status::look::Look;
use vx_tui::{DashboardOptions, Signs};

use super::failure::{Failure, USAGE};
use super::{print, terminal};
use crate::paths::Home;
use crate::project::{ConfigErrors, ProjectError, Ui};
use crate::work::look::{ascii, keys, palette};

/// The user's own [`settings`] of the views; warnings about them are printed.
pub(super) fn checked_settings() -> Result<Ui, Failure> {
    let ui = settings()?;
    for warning in ui.path.iter().flat_map(|path| ui.warnings.iter().map(|warning| warning.render(path, "warning"))) {
        print::note(warning);
    }
    Ok(ui)
}

/// The user's own settings of the views; none if there is no home.
pub(super) fn settings() -> Result<Ui, Failure> {
    let Ok(home) = Home::from_environment() else { return Ok(Ui::default()) };
    Ui::of_home(home.root()).map_err(|error| match error {
        ProjectError::Wrong(errors) => wrong(errors),
        error => Failure::hinted(USAGE, &error),
    })
}

/// Print the problems, each of which begins with its place, where editors look for it.
pub(super) fn wrong(errors: ConfigErrors) -> Failure {
    print::problems(errors.render());
    Failure::silent(USAGE)
}

/// The dashboard's options for this user. If `mouse` is false, the dashboard ignores the mouse, whatever the settings
/// are.
pub(super) fn dashboard(ui: &Ui, terminal: bool, mouse: bool) -> Result<DashboardOptions, Failure> {
    let standard = DashboardOptions::default();
    Ok(DashboardOptions {
        look: look(ui, terminal),
        signs: Signs::supported(terminal),
        keys: keys(ui).map_err(wrong)?,
        mouse: mouse && ui.mouse.unwrap_or(standard.mouse),
        refresh_hz: ui.refresh_hz.unwrap_or(standard.refresh_hz),
        notice: None,
    })
}

/// Colours and glyphs for a stream.
pub(super) fn look(ui: &Ui, terminal: bool) -> Look {
    let environment = |name: &str| std::env::var(name).ok();
    let palette = palette(ui, environment);
    let colour = terminal::colours(terminal) && palette.is_some();
    Look {
        colour,
        palette: palette.unwrap_or_default(),
        ascii: ascii(ui, environment),
        words_only: terminal::accessible(),
    }
}
