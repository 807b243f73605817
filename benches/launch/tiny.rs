//! Two programs for the bench, as small as programs get: one that only ends, and, where it was compiled with a target, one
//! that only becomes that target. They start as the launcher starts, from its own file.
#![no_std]
#![no_main]
#![allow(dead_code)]

#[path = "../../src/route/format.rs"]
mod format;
#[path = "../../src/launcher/system.rs"]
mod system;

#[cfg(floor)]
fn main(start: &system::Start) -> ! {
    let target = concat!(env!("VX_BENCH_TARGET"), "\0");
    if let Ok(target) = core::ffi::CStr::from_bytes_with_nul(target.as_bytes()) {
        system::replace(target, start.arguments_from(0, target), start.environment());
    }
    system::exit(1)
}

#[cfg(not(floor))]
fn main(_: &system::Start) -> ! {
    system::exit(0)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    system::exit(1)
}
