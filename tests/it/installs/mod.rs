//! Installing, locking and upgrading tools: from loopback registries, from real ones, and compared with the programs
//! whose rules vx follows.

#[cfg(unix)]
mod age;
mod install;
#[cfg(unix)]
mod network;
#[cfg(unix)]
mod outdated;
#[cfg(unix)]
pub(crate) mod packages;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod real;
mod source;
#[cfg(unix)]
mod sync;
