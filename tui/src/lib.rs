//! The views of a board on a terminal: full screen and inline, fed by the same snapshots as every other output.
//!
//! The crate uses no files, no configuration and no network; the views reach the outside through the traits in
//! [`vx_status::source`]. Text from a board or a log is always cleaned before it is shown.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod app;
mod bindings;
mod inline;
mod keys;
mod message;
mod model;
mod terminal;
mod theme;
mod update;
mod view;
mod widgets;

pub use app::{
    BoardChoice, ChooserOutcome, DashboardExit, DashboardOptions, OutputOptions, choose_board, dashboard, inline,
};
pub use bindings::{KeyBindingError, KeyBindings};
pub use terminal::{ScreenError, Signs, restore_modes, stderr_columns};
