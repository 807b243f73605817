//! The views of a board: full screen, inline, plain lines and JSON lines, all fed by the same snapshots.
//!
//! The crate knows no files, no configuration and no network; the views reach the outside through the traits in
//! [`source`]. Text from a board or a log is cleaned before it is shown, whatever it holds.

mod app;
mod bindings;
pub mod events;
mod history;
mod inline;
mod json;
mod keys;
mod message;
mod model;
mod plain;
pub mod source;
pub mod table;
mod terminal;
mod text;
pub mod theme;
mod update;
mod view;
mod widgets;

pub use app::{
    BoardChoice, Choice, DashboardOptions, Estimator, Inputs, Left, OutputOptions, PlainForm, PlainOptions,
    choose_board, dashboard, inline, json, plain,
};
pub use bindings::{KeyBindingError, KeyBindings};
pub use terminal::{ScreenError, Signs, restore_modes, stderr_columns};
pub use theme::{Depth, Look, Palette};
