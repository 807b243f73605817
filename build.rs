//! Makes two things that vx carries inside: the catalogue in a form that is read ten times as fast as the one it is
//! written in, and the launcher that shims are links to, a program of a few kilobytes that `vx shims` writes out.
//!
//! The launcher is compiled by itself, since it has another shape than everything else here: no standard library, no C library,
//! one file with its own start. Where it does not exist (it speaks to the Linux kernel), shims are links to `vx`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const CATALOGUE: &str = "src/source/catalogue.toml";
const SOURCES: [&str; 3] = ["src/launcher/program.rs", "src/launcher/system.rs", "src/route/format.rs"];

fn main() {
    for source in SOURCES.into_iter().chain([CATALOGUE, "build.rs"]) {
        println!("cargo::rerun-if-changed={source}");
    }
    let into = PathBuf::from(variable("OUT_DIR"));
    convert_catalogue(&into.join("catalogue.json"));
    compile_launcher(&into.join("launcher"));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn convert_catalogue(into: &Path) {
    let text = fs::read_to_string(CATALOGUE).expect("the catalogue is there");
    let catalogue: toml::Table = toml::from_str(&text).expect("the catalogue is TOML");
    let text = serde_json::to_string(&catalogue).expect("what TOML holds, JSON does");
    fs::write(into, text).expect("the build can write");
}

fn compile_launcher(into: &Path) {
    println!("cargo::rustc-check-cfg=cfg(launcher)");
    let architecture = variable("CARGO_CFG_TARGET_ARCH");
    if variable("CARGO_CFG_TARGET_OS") != "linux" || !["x86_64", "aarch64"].contains(&architecture.as_str()) {
        return;
    }
    let mut command = Command::new(variable("RUSTC"));
    command.args(["--edition", "2024", "--crate-name", "launcher", "--crate-type", "bin", "--target"]);
    command.arg(variable("TARGET")).arg("-o").arg(into).arg(SOURCES[0]);
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
