//! The project at hand: its files and those that it inherits from, consent, settings, and what is said about them.

pub mod board_place;
pub mod consent;
pub mod error;
pub mod frontend;
pub mod look;
pub mod on_path;
pub mod policy;
pub mod project;
pub mod session;
pub mod settings;
pub mod told;
pub mod trusting;
pub mod withheld;
