//! Makes the launcher that shims are links to, a program of a few kilobytes that `vx shims` writes out.
//!
//! It is compiled by itself, since it has another shape than everything else here: no standard library, no C library,
//! one file with its own start. Where it does not exist (it speaks to the Linux kernel), shims are links to `vx`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const SOURCES: [&str; 3] = ["src/launcher/program.rs", "src/launcher/system.rs", "src/route/format.rs"];

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(launcher)");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let architecture = variable("CARGO_CFG_TARGET_ARCH");
    if variable("CARGO_CFG_TARGET_OS") != "linux" || !["x86_64", "aarch64"].contains(&architecture.as_str()) {
        return;
    }
    let into = PathBuf::from(variable("OUT_DIR")).join("launcher");
    let mut command = Command::new(variable("RUSTC"));
    command.args(["--edition", "2024", "--crate-name", "launcher", "--crate-type", "bin", "--target"]);
    command.arg(variable("TARGET")).arg("-o").arg(&into).arg(SOURCES[0]);
    for option in [
        "panic=abort",
        "opt-level=2",
        "lto=fat",
        "codegen-units=1",
        "strip=symbols",
        "relocation-model=static",
        "link-arg=-nostdlib",
        "link-arg=-nostartfiles",
        "link-arg=-static",
        "link-arg=-Wl,--build-id=none,--gc-sections",
    ] {
        command.args(["-C", option]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        command.arg("-C").arg(format!("linker={linker}"));
    }
    let made = command.status().expect("the compiler starts");
    assert!(made.success(), "the launcher does not compile");
    println!("cargo::rustc-cfg=launcher");
    println!("cargo::rustc-env=VX_LAUNCHER={}", into.display());
}
