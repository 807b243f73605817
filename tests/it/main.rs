//! Tests of the whole program, as its users run it.

mod commands;
mod install;
mod layers;
mod registry;
mod server;
mod source;
