//! What the board withstands, tried with real processes on one board: read while others write without pause, killed at
//! any instant, stopped, raced for, made and removed under those who open it, forked.
//!
//! `cargo test -p vx-shm --test torture` tries for half a minute and prints what it counted;
//! `VX_TORTURE=1000 cargo test -p vx-shm --test torture` a thousand times as much of each. A name, as with other tests,
//! picks some of the trials.

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
