//! The outputs that people and programs see: screens, lines, documents, and no secret in any of them.

#[cfg(unix)]
mod harmless;
#[cfg(unix)]
mod output;
#[cfg(target_os = "linux")]
mod pictures;
#[cfg(target_os = "linux")]
mod screens;
#[cfg(target_os = "linux")]
mod shown;
#[cfg(target_os = "linux")]
mod staying;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod top;
