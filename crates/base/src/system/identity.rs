//! Unique identification of a process, of a machine, and of one boot of it.
//!
//! Process ids are reused, and each machine counts its own, so an id alone doesn't identify a process. The other facts
//! are read from `/proc`; systems without it provide none.

use std::fs;
use std::sync::LazyLock;

/// The number that Linux assigns to the pid namespace outside of all containers.
pub const OUTERMOST_NAMESPACE: u64 = 0xEFFF_FFFC;

/// When the process with this id started, in ticks since the boot of the system; `None` once it has ended.
pub fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold any characters; the state is the first field after the last parenthesis.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    fields.next().filter(|state| !matches!(*state, "Z" | "X"))?;
    fields.nth(18)?.parse().ok()
}

/// The identifier of this boot of the system.
pub fn boot() -> Option<&'static str> {
    static BOOT: LazyLock<Option<String>> = LazyLock::new(|| line("/proc/sys/kernel/random/boot_id"));
    BOOT.as_deref()
}

/// The namespace in which process ids count, and the one in which times of start do.
#[cfg(target_os = "linux")]
pub fn namespaces() -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let number = |name| fs::metadata(name).map(|data| data.ino());
    // Kernels before 5.6 have no time namespaces.
    Some((number("/proc/self/ns/pid").ok()?, number("/proc/self/ns/time").unwrap_or(0)))
}

/// The namespace in which process ids count, and the one in which times of start do.
#[cfg(not(target_os = "linux"))]
pub fn namespaces() -> Option<(u64, u64)> {
    None
}

/// The host name of this machine.
pub fn host() -> Option<String> {
    line("/proc/sys/kernel/hostname")
}

/// The identifier that this machine got when it was set up. Containers share the one of their image.
pub fn machine() -> Option<String> {
    line("/etc/machine-id")
}

/// Reads a file of one line; `None` if it is empty.
fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_time_of_start_until_it_ends_even_if_nobody_has_collected_it() {
        assert!(started(std::process::id()).is_some_and(|start| start > 0));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        assert!(started(child.id()).is_some());
        child.kill().expect("a signal");
        while started(child.id()).is_some() {
            std::thread::yield_now();
        }
        child.wait().expect("an end");
        assert_eq!(started(u32::MAX), None);
    }
}
