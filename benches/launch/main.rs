//! The cost of running a project's tool through vx, compared with running it directly.
//!
//! Budget over direct exec, warm: through a link that `vx shims` made at most 0.15 ms, as `vx TOOL` at most 0.6 ms with
//! the folder of shims on PATH, where `vx` is such a link, too. Without that folder, `vx TOOL` is the vx program
//! itself, which the system has to link first; that has no budget of time. Two gates are free of noise: a shim takes at
//! most 20 system calls and 60,000 instructions until it executes the tool, the vx program itself at most 90 and
//! 700,000.
//!
//! `cargo bench --bench launch` starts each runner in turns and prints medians; the figure over direct exec is the
//! median of the differences within a turn. Also measured: a static program that only executes the tool (the least
//! possible), and mise and uv, if the registries offer them. `VX_BENCH_TURNS` sets the turns, by default 201.

#[cfg(target_os = "linux")]
mod fixture;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod runners;
#[cfg(target_os = "linux")]
mod steps;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    if vx_launcher::PROGRAM.is_none() {
        println!("there is no launcher for this system: nothing was measured");
        return;
    }
    #[cfg(target_os = "linux")]
    runners::run();
}
