//! Compiles the launcher: this crate's library once more, for a program without a C library, and `start.rs` linked to
//! it. The library then embeds the program's bytes.
//!
//! Only Linux on x86_64 and aarch64 has a launcher: the library calls the kernel directly.

#[path = "src/options.rs"]
mod options;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use options::{LINK_OPTIONS, OPTIONS};

/// The variable that names the folder of a standard library for the target, where the compiler's own has none.
const SYSROOT: &str = "VX_LAUNCHER_SYSROOT";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(launcher)");
    println!("cargo::rustc-check-cfg=cfg(program)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-env-changed={SYSROOT}");
    let architecture = variable("CARGO_CFG_TARGET_ARCH");
    if variable("CARGO_CFG_TARGET_OS") != "linux" || !["x86_64", "aarch64"].contains(&architecture.as_str()) {
        return;
    }
    let directory = PathBuf::from(variable("OUT_DIR"));
    let program = directory.join("launcher");
    compile_library(&directory);
    link_program(&directory, &program);
    println!("cargo::rustc-cfg=launcher");
    println!("cargo::rustc-env=VX_LAUNCHER={}", program.display());
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn compile_library(directory: &Path) {
    let mut rustc = rustc("vx_launcher", "rlib", "src/lib.rs");
    rustc.args(["--cfg", "program", "--out-dir"]).arg(directory);
    run(rustc);
}

fn link_program(directory: &Path, program: &Path) {
    let mut rustc = rustc("launcher", "bin", "src/start.rs");
    rustc.arg("--extern").arg(format!("vx_launcher={}", directory.join("libvx_launcher.rlib").display()));
    for option in LINK_OPTIONS {
        rustc.args(["-C", option]);
    }
    if variable("CARGO_CFG_TARGET_ENV") == "musl" {
        // That target's start files would be a second `_start`.
        rustc.args(["-C", "link-self-contained=no"]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={linker}"));
    }
    rustc.arg("-o").arg(program);
    run(rustc);
}

fn rustc(name: &str, kind: &str, source: &str) -> Command {
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--edition", "2024", "--crate-name", name, "--crate-type", kind, "--target", &variable("TARGET")]);
    for option in OPTIONS {
        rustc.args(["-C", option]);
    }
    if let Some(sysroot) = env::var_os(SYSROOT).filter(|sysroot| !sysroot.is_empty()) {
        rustc.arg("--sysroot").arg(sysroot);
    }
    rustc.arg(source);
    rustc
}

fn run(mut rustc: Command) {
    let made = rustc.status().expect("the compiler starts");
    assert!(made.success(), "the launcher does not compile");
}
