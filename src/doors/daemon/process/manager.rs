//! The service manager that started this daemon, if one did: its listening socket, and the notification that the daemon
//! is ready. The protocol is systemd's (`LISTEN_FDS`, `NOTIFY_SOCKET`); other managers speak it as well.

use std::ffi::OsString;
use std::io;
use std::os::unix::net::{UnixDatagram, UnixListener};

use listenfd::ListenFd;

/// The variables of the manager. Child processes do not inherit them: what they name is for the daemon alone.
pub(in crate::doors::daemon) const VARIABLES: [&str; 4] =
    ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET"];

/// The manager of this process.
#[derive(Debug)]
pub(in crate::doors::daemon) struct Manager {
    words: Option<OsString>,
}

impl Manager {
    /// The manager that the variables name.
    pub(in crate::doors::daemon) fn of_environment() -> Self {
        Self { words: std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) }
    }

    /// The socket on which the manager listens for the daemon, the first if there are several; `None` if it has none.
    ///
    /// # Errors
    /// The manager has passed something else than a listening socket.
    pub(in crate::doors::daemon) fn listener() -> io::Result<Option<UnixListener>> {
        ListenFd::from_env().take_unix_listener(0)
    }

    /// Notify the manager that clients are answered from now on.
    pub(in crate::doors::daemon) fn is_ready(&self) {
        self.hear(&format!("READY=1\nMAINPID={}", std::process::id()));
    }

    /// Notify the manager that the daemon is about to end.
    pub(in crate::doors::daemon) fn is_ending(&self) {
        self.hear("STOPPING=1");
    }

    /// Send a notification. If the manager does not listen, the daemon goes on.
    fn hear(&self, word: &str) {
        let Some(name) = &self.words else { return };
        let _ = UnixDatagram::unbound().and_then(|socket| send(&socket, name, word.as_bytes()));
    }
}

/// Send a message to a socket at a path or, on Linux, at an abstract name, which begins with `@`.
fn send(socket: &UnixDatagram, name: &OsString, message: &[u8]) -> io::Result<usize> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;

        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return socket.send_to_addr(message, &address);
    }
    socket.send_to(message, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_hears_by_a_path_and_by_a_name() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("words");
        let heard = UnixDatagram::bind(&path).expect("a socket");
        let manager = Manager { words: Some(path.into_os_string()) };
        manager.is_ready();
        manager.is_ending();
        let next = |heard: &UnixDatagram| {
            let mut words = [0; 100];
            let length = heard.recv(&mut words).expect("words");
            String::from_utf8_lossy(&words[..length]).into_owned()
        };
        assert!(next(&heard).starts_with("READY=1\n"));
        assert_eq!(next(&heard), "STOPPING=1");
        #[cfg(target_os = "linux")]
        {
            use std::os::linux::net::SocketAddrExt;

            let name = format!("vx-test-{}", std::process::id());
            let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
            let heard = UnixDatagram::bind_addr(&address).expect("a socket");
            Manager { words: Some(format!("@{name}").into()) }.is_ending();
            assert_eq!(next(&heard), "STOPPING=1");
        }
        // Nobody listens there any more.
        drop(heard);
        manager.is_ready();
        Manager { words: None }.is_ready();
    }
}
