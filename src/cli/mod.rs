//! The command line.

use std::process::ExitCode;

/// Run the program with the process's own arguments.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
