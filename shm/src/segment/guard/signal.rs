//! The handler for SIGBUS: zeros under a map of a board, and everything else as if it were not there.
//!
//! It makes one system call, takes no lock and allocates nothing. A handler that the program installs later takes its
//! place; one that was there before is called for every fault that is not a board's.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::{Map, Range};
use crate::atomics::Ordering;

/// The handler that was there before; set before ours can be called.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Put the handler in place, once in the life of the process. A child that runs another program does not inherit it.
pub(super) fn install() {
    BEFORE.get_or_init(|| {
        // SAFETY: a `sigaction` is plain data, for which zeros are valid; the calls read and write these two values
        // only. The handler is of the kind that `SA_SIGINFO` asks for, and does nothing that a signal's handler must
        // not. Should a call fail, which for SIGBUS it cannot, the signal keeps the effect it had.
        #[allow(unsafe_code)]
        unsafe {
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut before);
            let mut ours: libc::sigaction = std::mem::zeroed();
            libc::sigemptyset(&raw mut ours.sa_mask);
            ours.sa_sigaction = on_bus_error as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
            // On the stack that a thread has for such signals, where it has one.
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(libc::SIGBUS, &raw const ours, ptr::null_mut());
            before
        }
    });
}

extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the system hands a handler of this kind a valid `siginfo_t`, whose address counts where a fault raised it.
    #[allow(unsafe_code)]
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr() as u64) };
    let raised_by_a_fault = code > 0;
    if raised_by_a_fault && let Some((range, map)) = Range::of(address) {
        range.vanished.store(1, Ordering::SeqCst); // Before any thread can load a zero: pairs with `Guard::vanished`.
        if put_zeros(map) {
            return;
        }
    }
    pass_on(signal, info, context, raised_by_a_fault);
}

/// Private zeros in place of the whole map; whether there are some now.
fn put_zeros(map: Map) -> bool {
    let protection = if map.writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED | libc::MAP_NORESERVE;
    let begin = ptr::with_exposed_provenance_mut::<c_void>(map.begin as usize);
    // SAFETY: the range is that of a map of a board, which stays mapped as long as its guard, and the guard lives as long
    // as whoever is in the middle of touching the map: the interrupted thread borrows the segment. So the pages replaced
    // are the board's own. What points to them are references to atomics, for which any bits are valid, zeros too.
    #[allow(unsafe_code)]
    let placed = unsafe { libc::mmap(begin, map.length as usize, protection, flags, -1, 0) };
    placed != libc::MAP_FAILED
}

/// What would have happened without this handler.
fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void, raised_by_a_fault: bool) {
    let before = BEFORE.get();
    match before.map_or(libc::SIG_DFL, |before| before.sa_sigaction) {
        libc::SIG_IGN if !raised_by_a_fault => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: both calls are among those a handler may make. A fault comes again after the return and then has
            // the default effect; a signal that somebody sent does not, and is sent again.
            #[allow(unsafe_code)]
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
                if !raised_by_a_fault {
                    libc::raise(signal);
                }
            }
        }
        handler => {
            let with_info = before.is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0);
            // SAFETY: the system gave this address as the handler of this signal, and its flags say which of the two
            // kinds it is. It is called as the system would have called it.
            #[allow(unsafe_code)]
            unsafe {
                if with_info {
                    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = std::mem::transmute(handler);
                    handler(signal, info, context);
                } else {
                    let handler: extern "C" fn(c_int) = std::mem::transmute(handler);
                    handler(signal);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::super::Guard;

    const CHILD: &str = "segment::guard::signal::tests::child";

    /// Not a test of its own: touches a page that is gone, of a map that is guarded or of one that is not.
    #[test]
    #[ignore = "a role for the other test"]
    fn child() {
        let Ok(role) = std::env::var(CHILD) else { return };
        let file = tempfile::tempfile().unwrap();
        file.set_len(8192).unwrap();
        let map = memmap2::MmapOptions::new().len(8192).map_raw_read_only(&file).unwrap();
        let other = [0u8; 64];
        let guard = match role.as_str() {
            "guarded" => Guard::over(map.as_ptr(), map.len(), false),
            _ => Guard::over(other.as_ptr(), other.len(), false),
        };
        file.set_len(0).unwrap();
        // SAFETY: the page is mapped; that nothing is behind it any more is what this is about.
        #[allow(unsafe_code)]
        let found = unsafe { map.as_ptr().add(4096).read_volatile() };
        assert!(found == 0 && guard.vanished());
        std::process::exit(7);
    }

    #[test]
    fn a_fault_in_a_guarded_map_finds_zeros_and_any_other_one_kills_as_before() {
        let run = |role| {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", CHILD, "--ignored"]).env(CHILD, role).output().unwrap().status
        };
        assert_eq!(run("guarded").code(), Some(7));
        assert_eq!(run("not guarded").signal(), Some(libc::SIGBUS));
    }
}
