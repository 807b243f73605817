//! The session of this process, by which a shell is known.

/// The number of this process's session, as text. It is 0 for a session outside of this container.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn session() -> Option<String> {
    let text = vx_launcher::format::session_text(vx_launcher::system::session()?);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// There is no launcher here, and sessions are not known: each user counts as one shell.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub fn session() -> Option<String> {
    None
}
