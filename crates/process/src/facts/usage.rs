//! The processor time that a process has used so far.

use std::time::Duration;

/// The processor time of a process and all its threads, to a hundredth of a second; `None` if unknown.
#[cfg(target_os = "linux")]
pub fn processor_time(pid: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    ticks(&text).map(|ticks| Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Always `None`: only Linux is supported.
#[cfg(not(target_os = "linux"))]
pub fn processor_time(_: u32) -> Option<Duration> {
    None
}

/// User and system time: words 14 and 15, counted from behind the name, which may hold any characters.
#[cfg(target_os = "linux")]
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut words = behind_name.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 34 5 6 20 0 1 0 99";
        assert_eq!(ticks(stat), Some(46));
        assert_eq!(ticks("7 (a) S 1"), None);
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn a_process_that_works_uses_time_and_one_that_is_not_there_has_none() {
        let before = processor_time(std::process::id()).expect("this process is there");
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if processor_time(std::process::id()).expect("this process is there") > before {
                return;
            }
        }
        panic!("no time passed");
    }
}
