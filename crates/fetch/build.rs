//! Converts the catalogue from TOML to JSON, which vx reads ten times as fast, and links the unwinder into the program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const CATALOGUE: &str = "src/tools/catalogue.toml";
/// GCC's unwinder as an archive. The standard library asks for the shared one, which would have to be found, mapped and
/// linked at every start of the program; with the archive linked first, no symbol is left for it.
const UNWINDER: &str = "gcc_eh";

fn main() {
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the directory"));
    convert_catalogue(&directory.join("catalogue.json"));
    if has_shared_unwinder() && linker_finds(&format!("lib{UNWINDER}.a")) {
        println!("cargo::rustc-link-lib=static:-bundle={UNWINDER}");
    }
}

fn convert_catalogue(into: &Path) {
    let text = fs::read_to_string(CATALOGUE).expect("the catalogue is there");
    let catalogue: toml::Table = toml::from_str(&text).expect("the catalogue is TOML");
    let text = serde_json::to_string(&catalogue).expect("JSON holds every value of the catalogue");
    fs::write(into, text).expect("the build can write");
}

/// Whether the standard library of this target takes the unwinder from a shared library.
fn has_shared_unwinder() -> bool {
    let [system, library, features] = ["CARGO_CFG_TARGET_OS", "CARGO_CFG_TARGET_ENV", "CARGO_CFG_TARGET_FEATURE"]
        .map(|name| env::var(name).unwrap_or_default());
    system == "linux" && library == "gnu" && !features.split(',').any(|feature| feature == "crt-static")
}

/// Whether the linker finds this archive. Compilers other than GCC and Clang don't have it, or don't answer.
fn linker_finds(archive: &str) -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let answer = Command::new(linker).arg(format!("-print-file-name={archive}")).output();
    // For an archive that isn't found, the compiler prints its bare name.
    answer.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute())
}
