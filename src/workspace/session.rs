//! The session of this process, which identifies its shell.

/// The number of this process's session, as text; 0 for a session outside of this container.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn session() -> Option<String> {
    let text = vx_launcher::format::session_text(vx_launcher::system::session()?);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Without a launcher, sessions are not known: all shells of a user count as one.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub fn session() -> Option<String> {
    None
}
