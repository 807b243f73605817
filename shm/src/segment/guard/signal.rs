//! The handler for SIGBUS: puts zeros in place of a map of a board, and passes every other fault on.
//!
//! It makes one system call, takes no lock and allocates nothing. A handler that the program installs later replaces
//! it; an earlier one is called for every fault outside of boards.

use std::ffi::{c_int, c_void};
use std::sync::{Once, OnceLock};

use super::MapRange;
use crate::atomics::Ordering;
use crate::segment::{Disposition, faulting_address, pass_bus_error_on, put_zeros, take_bus_errors};

/// What the signal did before; set before our handler can be called.
static BEFORE: OnceLock<Disposition> = OnceLock::new();

static INSTALLED: Once = Once::new();

/// Install the handler, once in the life of the process. A child that runs another program does not inherit it.
pub(super) fn install() {
    INSTALLED.call_once(|| {
        take_bus_errors(on_bus_error, |before| {
            BEFORE.get_or_init(|| before);
        });
    });
}

extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    if let Some((range, map)) = faulting_address(info).and_then(MapRange::containing) {
        range.vanished.store(1, Ordering::SeqCst); // Before any thread can load a zero; see `MapGuard::vanished`.
        if put_zeros(map.begin, map.length, map.writable) {
            return;
        }
    }
    pass_bus_error_on(BEFORE.get(), signal, info, context);
}
