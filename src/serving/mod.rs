//! Long-running programs: the services of a project, and development servers for programs that embed vx.

#[cfg(all(target_os = "linux", feature = "control"))]
pub mod devserver;
#[cfg(feature = "control")]
pub mod up;
