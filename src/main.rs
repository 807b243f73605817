//! The `vx` program: parses the command line, runs the command, and turns its outcome into an exit code.

fn main() -> std::process::ExitCode {
    vx::main()
}
