//! Callers of this process: the shell script that started it, and the callers of that script in turn.

/// The longest chain of processes that is followed.
#[cfg(target_os = "linux")]
const MOST_CALLERS: usize = 64;

/// Lists the callers of this process: first its caller, then the caller's callers, up to the first process.
///
/// A shell forks a copy of itself for `( … )`, `$( … )` and each part of a pipeline. The copy ends long before the
/// script does, so the process that it was forked from counts as the caller, and the copy comes last.
#[cfg(target_os = "linux")]
pub fn callers() -> Vec<u32> {
    let mut chain = ancestors();
    let copies = chain.windows(2).take_while(|pair| pair[0].is_copy_of(&pair[1])).count();
    chain.rotate_left(copies);
    chain.into_iter().map(|process| process.pid).collect()
}

/// Lists only the process that started this one: this system does not show the callers of other processes.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn callers() -> Vec<u32> {
    rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get().cast_unsigned()).into_iter().collect()
}

/// Empty: this system does not show which process started another.
#[cfg(not(unix))]
pub fn callers() -> Vec<u32> {
    Vec::new()
}

/// Returns whether a process with this id exists; also true if the system does not say.
#[cfg(unix)]
pub fn is_there(pid: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed());
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Always true: this system can't be asked.
#[cfg(not(unix))]
pub fn is_there(_: u32) -> bool {
    true
}

/// Returns whether no process with this id is running. A zombie counts as ended.
pub fn has_ended(pid: u32) -> bool {
    #[cfg(target_os = "linux")]
    {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        let state = stat.as_ref().ok().and_then(|stat| stat.rsplit_once(") ")?.1.chars().next());
        state.map_or_else(|| !is_there(pid), |state| matches!(state, 'Z' | 'X'))
    }
    #[cfg(not(target_os = "linux"))]
    !is_there(pid)
}

#[cfg(target_os = "linux")]
fn ancestors() -> Vec<Ancestor> {
    let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get().cast_unsigned());
    let first = Ancestor::from_pid(parent);
    std::iter::successors(first, |child| Ancestor::from_pid(child.parent)).take(MOST_CALLERS).collect()
}

/// A process, as `/proc` shows it.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Ancestor {
    pid: u32,
    parent: u32,
    /// Addresses of its program, stack and arguments: random for each start of a program, and the same after a fork.
    image: [u64; 4],
    arguments: Vec<u8>,
}

#[cfg(target_os = "linux")]
impl Ancestor {
    fn from_pid(pid: u32) -> Option<Self> {
        if pid == 0 {
            return None; // Outside of this pid namespace.
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold any characters, even parentheses. The field behind the last one is the
        // third.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.trim().parse::<u64>().ok());
        let image = [26, 27, 28, 48].map(|number| field(number).unwrap_or(0));
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        Some(Self { pid, parent: u32::try_from(field(4)?).ok()?, image, arguments })
    }

    /// Returns whether this process was forked from `other` and still runs the same program; false if the system hides
    /// the addresses.
    fn is_copy_of(&self, other: &Self) -> bool {
        self.image.iter().all(|address| *address > 1) && self.image == other.image && self.arguments == other.arguments
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_started_this_process_comes_first_and_the_first_of_all_last() {
        let callers = callers();
        let parent = std::os::unix::process::parent_id();
        assert!(parent == 0 || callers.contains(&parent), "{callers:?}");
        assert!(callers.len() < MOST_CALLERS);
    }

    #[test]
    fn a_process_that_nobody_collects_has_ended() {
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", "read line"]).stdin(std::process::Stdio::piped());
        let mut child = shell.spawn().expect("a shell");
        assert!(!has_ended(child.id()) && !has_ended(std::process::id()));
        drop(child.stdin.take());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !has_ended(child.id()) {
            assert!(std::time::Instant::now() < deadline, "it has ended, and is seen as at work");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.wait().expect("it is collected now");
    }

    #[test]
    fn only_a_fork_of_the_same_program_is_a_copy() {
        let shell = |pid, stack| Ancestor { pid, parent: 1, image: [10, 20, stack, 40], arguments: b"sh\0x".to_vec() };
        assert!(shell(2, 30).is_copy_of(&shell(1, 30)));
        assert!(!shell(2, 31).is_copy_of(&shell(1, 30)), "started anew, its stack lies elsewhere");
        let other = Ancestor { arguments: b"sh\0y".to_vec(), ..shell(1, 30) };
        assert!(!shell(2, 30).is_copy_of(&other));
        let secret = |pid| Ancestor { image: [0; 4], ..shell(pid, 0) };
        assert!(!secret(2).is_copy_of(&secret(1)));
    }
}
