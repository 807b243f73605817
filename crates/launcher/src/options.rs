//! The compiler's options for the launcher. The build script uses them, and the bench that compares a program with it.

/// Options of the library and of the program: fast code for a fixed address, without unwinding.
pub(crate) const OPTIONS: [&str; 4] = ["panic=abort", "opt-level=2", "codegen-units=1", "relocation-model=static"];

/// Options for linking the program, which keep everything else out of it.
pub(crate) const LINK_OPTIONS: [&str; 6] = [
    "lto=fat",
    "strip=symbols",
    "link-arg=-nostdlib",
    "link-arg=-nostartfiles",
    "link-arg=-static",
    "link-arg=-Wl,--build-id=none,--gc-sections",
];
