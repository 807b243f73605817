//! The handler for SIGBUS: zeros under a map of a board, and everything else as if it were not there.
//!
//! It makes one system call, takes no lock and allocates nothing. A handler that the program installs later takes its
//! place; one that was there before is called for every fault that is not a board's.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use super::Range;
use crate::atomics::Ordering;
use crate::segment::{Disposition, faulting_address, pass_bus_error_on, put_zeros, take_bus_errors};

/// What was done with the signal before; set before ours can be called.
static BEFORE: OnceLock<Disposition> = OnceLock::new();

/// Put the handler in place, once in the life of the process. A child that runs another program does not inherit it.
pub(super) fn install() {
    BEFORE.get_or_init(|| take_bus_errors(on_bus_error));
}

extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    if let Some((range, map)) = faulting_address(info).and_then(Range::of) {
        range.vanished.store(1, Ordering::SeqCst); // Before any thread can load a zero: pairs with `Guard::vanished`.
        if put_zeros(map.begin, map.length, map.writable) {
            return;
        }
    }
    pass_bus_error_on(BEFORE.get(), signal, info, context);
}
