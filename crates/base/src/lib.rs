//! Facts and small files: what all of vx stands on, and what stands on nothing of vx itself.
//!
//! Values: [`digest`], [`age`], [`package`] (a tool's archives, programs and names), [`board_slot`], [`shown_address`] (an
//! address without its secrets), [`template`], [`nearest`]. The machine: [`system`] (platform, limits, threads, variables, and
//! the marks by which processes are known). Places: [`paths`] and [`files`]. Errors on their way to the edge: [`trouble`].
//! [`gauge`] reads progress from printed lines.
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
