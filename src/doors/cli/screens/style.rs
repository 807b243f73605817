//! The look of the views for this user, from `[ui]` of the user's own `vx.toml` and from the environment.
//!
//! The terminal is not queried here, since one that does not reply would delay the view; the dashboard asks for the
//! background and does not wait for the answer.

use vx_base::paths::Home;
use vx_project::{ConfigErrors, ProjectError, Ui};
use vx_status::appearance::OutputStyle;

use crate::doors::cli::output::failure::{CommandFailure, USAGE};
use crate::doors::cli::output::{print, terminal};
use crate::workspace::look::{ascii, palette};

/// The user's own [`settings`] of the views; warnings about them are printed.
pub(in crate::doors::cli) fn checked_settings() -> Result<Ui, CommandFailure> {
    let ui = settings()?;
    for warning in ui.path.iter().flat_map(|path| ui.warnings.iter().map(|warning| warning.render(path, "warning"))) {
        print::message(warning);
    }
    Ok(ui)
}

/// The user's own settings of the views; the defaults if there is no home.
pub(in crate::doors::cli) fn settings() -> Result<Ui, CommandFailure> {
    let Ok(home) = Home::from_environment() else { return Ok(Ui::default()) };
    Ui::of_home(home.root()).map_err(|error| match error {
        ProjectError::Wrong(errors) => wrong(errors),
        error => CommandFailure::hinted(USAGE, &error),
    })
}

/// Print the problems. Each begins with its place, where editors look for it.
pub(in crate::doors::cli) fn wrong(errors: ConfigErrors) -> CommandFailure {
    CommandFailure::in_file(&errors)
}

/// Colours and glyphs for a stream.
pub(in crate::doors::cli) fn output_style(ui: &Ui, terminal: bool) -> OutputStyle {
    let environment = |name: &str| std::env::var(name).ok();
    let palette = palette(ui, environment);
    let colour = terminal::colours(terminal) && palette.is_some();
    OutputStyle {
        colour,
        palette: palette.unwrap_or_default(),
        ascii: ascii(ui, environment),
        words_only: terminal::accessible(),
    }
}
