//! Facts and small files: what all of vx stands on, and what stands on nothing of vx itself.
//!
//! Values: [`digest`], [`platform`], [`age`], [`package`] (a tool's archives, programs and names), [`board_slot`] and
//! [`identity`] (a slot and a process as other processes name them), [`variables`], [`shown_address`] (an address without its
//! secrets), [`template`], [`nearest`]. Places: [`paths`] and [`files`]. Errors on their way to the edge: [`trouble`]. Threads
//! and their limits: [`threads`], [`parallel`], [`process_limit`]. [`gauge`] reads progress from printed lines.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod age;
pub mod board_slot;
pub mod digest;
pub mod files;
pub mod gauge;
pub mod identity;
pub mod nearest;
pub mod package;
pub mod parallel;
pub mod paths;
pub mod platform;
pub mod process_limit;
pub mod shown_address;
pub mod template;
pub mod threads;
pub mod trouble;
pub mod variables;
