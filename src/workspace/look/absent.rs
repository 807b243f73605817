//! The settings of the dashboard, in a vx that was built without a dashboard: they are listed as the user has set them.

use vx_project::{ConfigErrors, Ui};

/// The default number of frames per second: 0, since there is no dashboard.
pub fn standard_refresh_hz() -> u8 {
    0
}

/// Whether the mouse is used by default: no, since there is no dashboard.
pub fn standard_mouse() -> bool {
    false
}

/// The keys that the user has set, which nothing here checks.
#[derive(Clone, Debug, Default)]
pub struct KeyBindings(Vec<(String, Vec<String>)>);

impl KeyBindings {
    /// Each action with its keys.
    pub fn chosen(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.0.iter().map(|(action, keys)| (action.as_str(), keys.clone()))
    }
}

/// The keys of the dashboard.
///
/// # Errors
/// None in this build.
pub fn keys(ui: &Ui) -> Result<KeyBindings, ConfigErrors> {
    Ok(KeyBindings(ui.keys.iter().map(|rebinding| (rebinding.action.clone(), rebinding.keys.clone())).collect()))
}
