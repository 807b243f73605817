//! The services of a project's file, as one client has read them.
//!
//! A client that reads later can be heard first, as it need not install anything. So a reading has its time, and an older one
//! changes nothing.

use serde::{Deserialize, Serialize};

use super::spec::Spec;

/// The declarations of all services of the file.
#[derive(Clone, Debug, Default)]
pub struct ServiceFileReading {
    /// The services.
    pub specs: Vec<Spec>,
    /// The time at which the file was read.
    pub read_at: ReadAt,
}

/// A point in time by a clock that all processes of this machine share and nobody sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadAt(u64);

impl ReadAt {
    /// Now.
    #[cfg(unix)]
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Self(now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned())
    }

    /// Services do not run here.
    #[cfg(not(unix))]
    pub fn now() -> Self {
        Self(0)
    }
}

/// A difference between the file and what runs, as a request has found and treated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeclarationChange {
    /// It was declared otherwise, and starts again.
    Restarted,
    /// It is declared otherwise, and goes on as it is.
    Outdated,
    /// It is not declared any more, and stops.
    Stopped,
    /// It is not declared any more, and goes on.
    Undeclared,
}

/// The treatment of services that differ from the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Differing {
    /// Services that are declared otherwise start again, and those that are not declared any more stop.
    #[default]
    Renewed,
    /// They are named.
    Named,
}
