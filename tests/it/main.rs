//! Tests of the whole program, run as its users run it.

mod config;
mod control;
#[cfg(target_os = "linux")]
mod crash;
#[cfg(unix)]
mod doctor;
#[cfg(target_os = "linux")]
mod failures;
mod installs;
#[cfg(unix)]
mod places;
mod rules;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod serving;
mod support;
#[cfg(unix)]
mod trust;
#[cfg(unix)]
mod views;
