//! Facts and small files: all of vx builds on this crate, which depends on no other part of vx.
//!
//! Values: [`digest`], [`age`], [`package`] (a tool's archives, programs and names), [`board_slot`], [`shown_address`]
//! (an address without its secrets), [`template`], [`nearest`]. The machine: [`system`] (platform, limits, threads,
//! variables, and the marks that identify processes). Places: [`paths`] and [`files`]. Errors on their way to the edge:
//! [`trouble`]. [`gauge`] reads progress from printed lines.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod age;
pub mod board_slot;
pub mod digest;
pub mod files;
pub mod gauge;
pub mod nearest;
pub mod package;
pub mod paths;
pub mod shown_address;
pub mod system;
pub mod template;
pub mod trouble;
