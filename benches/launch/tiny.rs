//! Two programs for the bench, as small as programs get: one that only exits and, if compiled with a target, one that
//! only executes that target. They start like the launcher, with its library.
#![no_std]
#![no_main]

use core::{arch::global_asm, panic::PanicInfo};

use vx_launcher::system::{self, Program, Start, begin};

struct Tiny;

#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {begin}", "ud2",
    begin = sym begin::<Tiny>);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "mov x0, sp", "bl {begin}", "brk #1",
    begin = sym begin::<Tiny>);

#[cfg(floor)]
impl Program for Tiny {
    fn run(start: &Start) -> ! {
        let target = concat!(env!("VX_BENCH_TARGET"), "\0");
        if let Ok(target) = core::ffi::CStr::from_bytes_with_nul(target.as_bytes()) {
            start.with_arguments_from(0, target, |arguments| system::replace(target, arguments, start.environment()));
        }
        system::exit(1)
    }
}

#[cfg(not(floor))]
impl Program for Tiny {
    fn run(_: &Start) -> ! {
        system::exit(0)
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    system::exit(1)
}
