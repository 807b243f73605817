//! A run on the terminal: the choice of its view, the dashboard, lines, and questions.

pub(super) mod ask;
pub(super) mod frontend;
#[cfg(feature = "tui")]
pub(super) mod replay;
#[cfg(feature = "tui")]
pub(super) mod screen;
#[cfg(not(feature = "tui"))]
#[path = "screen/absent.rs"]
pub(super) mod screen;
pub(super) mod show;
pub(super) mod style;
#[cfg(feature = "tui")]
pub(super) mod top;
pub(super) mod view;
pub(super) mod views;
