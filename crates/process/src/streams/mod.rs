//! The output of processes: captured, read in lines, logged, measured, and passed on.

pub(crate) mod capture;
pub(crate) mod lines;
pub(crate) mod log;
pub(crate) mod meter;
#[cfg(unix)]
pub(crate) mod piped;
#[cfg(target_os = "linux")]
pub(crate) mod recorded_process;
pub(crate) mod relay;
