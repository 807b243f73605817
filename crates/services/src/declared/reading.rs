//! The services of a project's file, as one client has read them.
//!
//! A client that reads later may send its request first, as when it has nothing to install. So a reading carries its
//! time, and an older reading changes nothing.

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

/// A point in time on a clock that all processes of this machine share and nobody can set.
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

/// A difference between the file and a service, and what a request did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeclarationChange {
    /// Its declaration has changed, and it starts again.
    Restarted,
    /// Its declaration has changed, and it goes on as it is.
    Outdated,
    /// It is no longer declared, and stops.
    Stopped,
    /// It is no longer declared, and goes on.
    Undeclared,
}

/// The treatment of services that differ from the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Differing {
    /// Services whose declaration has changed start again; services no longer declared stop.
    #[default]
    Renewed,
    /// They go on, and are only reported.
    Named,
}
