//! Processes of other pid namespaces, as far as `/proc` shows them here: those of the namespaces below this one.

use super::process::{ProcessMark, shares_clock, start_time};

/// Whether that very process is shown here, under another number. A search through `/proc`, for decisions that cannot
/// be undone; not finding it proves nothing.
#[cfg(target_os = "linux")]
pub(crate) fn is_shown_here(mark: ProcessMark) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    mark.pid != 0 && mark.namespace != 0 && numbers.any(|number| is_it(mark, number))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_shown_here(_: ProcessMark) -> bool {
    false
}

/// Whether the process with this number here is the one with this mark. Start times are compared only if both use the
/// same clock: another time namespace shifts them.
#[cfg(target_os = "linux")]
fn is_it(mark: ProcessMark, number: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let namespace = std::fs::metadata(format!("/proc/{number}/ns/pid")).map_or(0, |data| data.ino());
    if namespace != mark.namespace || innermost_number(number) != Some(mark.pid) {
        return false;
    }
    let Some(started) = start_time(number) else { return false };
    mark.start_time == 0 || !shares_clock(mark) || started == mark.start_time
}

/// Look up the number of a process in its own namespace: the last of the numbers under which the system shows it.
#[cfg(target_os = "linux")]
fn innermost_number(number: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    numbers.split_whitespace().next_back()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) use tests::Contained;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::super::process::own;
    use super::*;

    /// An idle process in its own pid namespace.
    pub(crate) struct Contained {
        parent: Child,
        pub(crate) mark: ProcessMark,
    }

    impl Contained {
        /// `None` if this user may make no namespaces, or there is no `unshare`.
        pub(crate) fn start() -> Option<Self> {
            let words = ["--user", "--pid", "--fork", "--kill-child", "sleep", "600"];
            let mut parent =
                Command::new("unshare").args(words).stdin(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
            let until = Instant::now() + Duration::from_secs(60);
            let mark = loop {
                let mark = mark_of_child(parent.id());
                if mark.is_some() || parent.try_wait().ok()?.is_some() || Instant::now() > until {
                    break mark;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            let Some(mark) = mark else {
                eprintln!("skipped: this user may not make a pid namespace, or there is no `unshare`");
                return None;
            };
            Some(Self { parent, mark })
        }

        pub(crate) fn end(&mut self) {
            let _ = (self.parent.kill(), self.parent.wait());
        }
    }

    impl Drop for Contained {
        fn drop(&mut self) {
            self.end();
        }
    }

    /// Look up the mark that the first process of a namespace has in there, once it has executed its program.
    fn mark_of_child(parent: u32) -> Option<ProcessMark> {
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
        let number: u32 = children.split_whitespace().next()?.parse().ok()?;
        let name = std::fs::read_to_string(format!("/proc/{number}/comm")).ok()?;
        let namespace = std::fs::metadata(format!("/proc/{number}/ns/pid")).ok()?.ino();
        let pid = innermost_number(number)?;
        let mark = ProcessMark { pid, start_time: start_time(number)?, namespace, ..own() };
        (name.trim() == "sleep").then_some(mark)
    }

    #[test]
    fn a_process_of_a_namespace_below_is_found_by_its_number_there_until_it_ends() {
        let Some(mut contained) = Contained::start() else { return };
        let mark = contained.mark;
        assert_eq!(mark.pid, 1, "as the first one there");
        assert!(is_shown_here(mark));
        assert!(!is_shown_here(ProcessMark { start_time: mark.start_time - 1, ..mark }), "another with its number");
        assert!(!is_shown_here(ProcessMark { namespace: mark.namespace + 1, ..mark }));
        assert!(is_shown_here(ProcessMark { start_time: 1, time_namespace: 1, ..mark }), "start times of two clocks");
        contained.end();
        let until = Instant::now() + Duration::from_secs(60);
        while is_shown_here(mark) {
            assert!(Instant::now() < until, "the death of its parent ends it");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
