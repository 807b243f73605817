//! The limits that keep another process or thread from being started.

use std::fmt;
use std::io;

/// Exit code of a child that could not start a process or a thread. It tells the run that a retry with fewer children
/// at work may succeed.
pub const NO_ROOM_EXIT: u8 = 75;

/// The limits that apply to this process when the system refuses another process or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessLimit {
    /// The most processes and threads of this user, as shown by `ulimit -u`.
    user: Option<u64>,
    /// The most in this process's control group, such as a container's: `pids.max`.
    group: Option<u64>,
}

impl ProcessLimit {
    /// The limits, if they caused this error of starting a process or thread.
    pub fn reached(error: &io::Error) -> Option<Self> {
        (error.kind() == io::ErrorKind::WouldBlock).then(Self::current)
    }

    /// Read the limits.
    pub fn current() -> Self {
        Self { user: of_user(), group: of_group() }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        let raise = match (self.user, self.group) {
            (_, Some(group)) if self.user.is_none_or(|user| group < user) => "the container's `pids.max`",
            _ => "it with `ulimit -u`",
        };
        format!("raise {raise}, end other programs, or start fewer at once with `--jobs 1`")
    }
}

impl fmt::Display for ProcessLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limit of processes and threads is reached")?;
        let (user, group) = (self.user.map(|most| format!("{most} for this user")), self.group);
        let group = group.map(|most| format!("{most} for this container or session"));
        let known: Vec<String> = user.into_iter().chain(group).collect();
        if known.is_empty() { Ok(()) } else { write!(f, ": {}", known.join(", ")) }
    }
}

/// The text for an error of starting a process or thread: the limit, if that is the cause.
pub fn start_error_text(error: &io::Error) -> String {
    ProcessLimit::reached(error).map_or_else(|| error.to_string(), |limit| limit.to_string())
}

#[cfg(unix)]
fn of_user() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nproc).current
}

#[cfg(not(unix))]
fn of_user() -> Option<u64> {
    None
}

/// The lowest limit among this process's control group and its parents.
fn of_group() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let limit = |group: &std::path::Path| {
        let place = std::path::Path::new("/sys/fs/cgroup").join(group).join("pids.max");
        std::fs::read_to_string(place).ok()?.trim().parse().ok()
    };
    std::path::Path::new(own).ancestors().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_named_with_what_can_be_done_about_it() {
        let limit = |user, group| ProcessLimit { user, group };
        for (limit, text, hint) in [
            (limit(Some(50), None), "is reached: 50 for this user", "raise it with `ulimit -u`"),
            (limit(Some(50), Some(40)), "50 for this user, 40 for this container", "raise the container's `pids.max`"),
            (limit(None, Some(40)), "is reached: 40 for this container", "raise the container's `pids.max`"),
            (limit(None, None), "is reached", "`--jobs 1`"),
        ] {
            assert!(limit.to_string().contains(text) && limit.hint().contains(hint), "{limit}: {}", limit.hint());
        }
    }

    #[test]
    fn only_the_answer_for_a_limit_is_taken_for_one() {
        assert!(ProcessLimit::reached(&io::ErrorKind::WouldBlock.into()).is_some());
        assert!(ProcessLimit::reached(&io::ErrorKind::NotFound.into()).is_none());
    }
}
