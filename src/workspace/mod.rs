//! The current project: its files and those it inherits from, consent, settings, and the notices about them.

pub mod board_place;
pub mod consent;
pub mod consent_error;
pub mod error;
pub mod frontend;
pub mod look;
pub mod policy;
pub mod project;
pub mod search_path;
pub mod session;
pub mod settings;
pub mod trusting;
pub mod withheld_notice;
