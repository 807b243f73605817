//! The builds of a service: the files that they are made of, their places, and the mistakes that they report.

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) mod build_paths;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) mod mistake_report;
pub mod mistakes;
pub(crate) mod stamp;
pub mod watch;
