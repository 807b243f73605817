//! The output of processes: captured, split into lines, logged, and passed on; and their use of the machine (`meter`).

pub(crate) mod capture;
pub(crate) mod lines;
pub(crate) mod log;
pub(crate) mod meter;
#[cfg(unix)]
pub(crate) mod piped;
#[cfg(target_os = "linux")]
pub(crate) mod recorded_process;
pub(crate) mod relay;
