//! Finding the program that holds a port, from the kernel's tables of sockets and the open files of processes.

use std::fs;
use std::path::Path;

/// A program that holds a port, as far as the system shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortOwner {
    /// Its process id; unknown for another user's process, whose files are not shown.
    pub pid: Option<u32>,
    /// Its name.
    pub program: Option<String>,
    /// Its user's id.
    pub user: Option<u32>,
}

/// Find the program that listens on this port.
pub fn holder(port: u16) -> PortOwner {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let Some(listener) = tables.iter().find_map(|table| listener(table, port)) else { return PortOwner::default() };
    let pid = process_with(&format!("socket:[{}]", listener.inode));
    let program = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
    PortOwner { pid, program: program.map(|name| name.trim_end().to_owned()), user: Some(listener.user) }
}

/// A socket that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListeningSocket {
    user: u32,
    inode: u64,
}

/// Find the socket that listens on this port in a table of the kernel.
///
/// A line is `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`; the port and the state are
/// hexadecimal, and state 0A listens.
fn listener(table: &str, port: u16) -> Option<ListeningSocket> {
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (_, number) = words.next()?.rsplit_once(':')?;
        let listens = words.nth(1)? == "0A";
        let user = words.nth(3)?.parse().ok()?;
        let inode = words.nth(1)?.parse().ok()?;
        (listens && u16::from_str_radix(number, 16) == Ok(port)).then_some(ListeningSocket { user, inode })
    })
}

/// Find the process that has a file of this name open; the lowest id if several share it.
fn process_with(name: &str) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbers: Vec<u32> = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().find(|pid| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.map(|file| fs::read_link(file.path())).any(|target| target.is_ok_and(|target| target == Path::new(name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3B45 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:3B46 0100007F:E000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
";

    #[test]
    fn the_table_of_sockets_is_read() {
        assert_eq!(listener(TABLE, 0x3b45), Some(ListeningSocket { user: 1000, inode: 4711 }));
        assert_eq!(listener(TABLE, 0x3b46), None, "a connection does not listen");
        assert_eq!(listener("", 1), None);
    }

    #[test]
    fn a_listener_is_found_by_either_family() {
        let own = [TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok(), TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok()];
        for listener in own.iter().flatten() {
            let found = holder(listener.local_addr().expect("an address").port());
            assert_eq!(found.pid, Some(std::process::id()));
            assert!(found.program.is_some() && found.user.is_some());
        }
    }
}
