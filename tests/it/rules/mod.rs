//! The rules of this repository: layers, errors, the reference of commands, the schema, the list of flaky tests.

mod commands;
mod error_kinds;
mod flaky;
mod layers;
#[cfg(unix)]
mod schema;
