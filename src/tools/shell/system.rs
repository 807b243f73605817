//! The system's shell, which runs the commands of scripts.

/// The shell's program, and its option for a command.
#[cfg(not(windows))]
pub const SHELL: [&str; 2] = ["/bin/sh", "-c"];
/// The shell's program, and its option for a command.
#[cfg(windows)]
pub const SHELL: [&str; 2] = ["cmd", "/C"];

/// An argument as one word of the shell.
#[cfg(not(windows))]
pub fn quote(text: &str) -> String {
    String::from_utf8_lossy(&shell_quote::Sh::quote_vec(text)).into_owned()
}

/// An argument as one word of `cmd`: quoted unless it is plain, with its own quotes doubled.
#[cfg(windows)]
pub fn quote(text: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./\\:=@".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}
