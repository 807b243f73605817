//! The settings of the dashboard.

use std::collections::BTreeMap;

pub use vx_tui::KeyBindings;
use vx_tui::{DashboardOptions, KeyBindingError};

use vx_project::{ConfigErrors, Ui};

/// The default number of frames per second.
pub fn standard_refresh_hz() -> u8 {
    DashboardOptions::default().refresh_hz
}

/// Whether the dashboard uses the mouse by default.
pub fn standard_mouse() -> bool {
    DashboardOptions::default().mouse
}

/// The keys of the dashboard.
///
/// # Errors
/// `[ui.keys]` names an unknown action or key, uses a key twice, or leaves an action without a key that it requires.
pub fn keys(ui: &Ui) -> Result<KeyBindings, ConfigErrors> {
    let Some(first) = ui.keys.first() else { return Ok(KeyBindings::default()) };
    let chosen: BTreeMap<String, Vec<String>> =
        ui.keys.iter().map(|rebinding| (rebinding.action.clone(), rebinding.keys.clone())).collect();
    KeyBindings::try_from(&chosen).map_err(|error| {
        let actions = actions(&error);
        let guilty = actions.iter().find_map(|name| ui.keys.iter().find(|rebinding| rebinding.action == *name));
        ui.refused(guilty.unwrap_or(first), error.to_string(), None)
    })
}

/// The actions that an error is about, the most important one first.
fn actions(error: &KeyBindingError) -> Vec<&str> {
    match error {
        KeyBindingError::UnknownAction { action }
        | KeyBindingError::UnknownKey { action, .. }
        | KeyBindingError::NeverSent { action, .. }
        | KeyBindingError::Kept { action, .. } => vec![action],
        KeyBindingError::KeyRequired { action } => vec![action],
        KeyBindingError::Twice { first, second, .. } => vec![second, first],
        _ => Vec::new(),
    }
}
