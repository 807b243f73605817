//! Trials of a board under load, with real processes: writers that never pause, are killed at any instant, are stopped,
//! race for slots or fork, and boards that are made and removed while processes open them.
//!
//! `cargo test -p vx-shm --test torture` runs for half a minute and prints what it counted;
//! `VX_TORTURE=1000 cargo test -p vx-shm --test torture` does a thousand times as much of each. A name, as with other
//! tests, selects trials.

#[cfg(target_os = "linux")]
#[path = "../support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
mod trials;

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    return trials::run();
    #[cfg(not(target_os = "linux"))]
    {
        println!("torture: skipped, as it needs Linux");
        std::process::ExitCode::SUCCESS
    }
}
