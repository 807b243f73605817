//! The launcher's start and its panic handler. `build.rs` compiles them with the library.
#![no_std]
#![no_main]

use core::{arch::global_asm, panic::PanicInfo};
use vx_launcher::{Launcher, system::begin};

// The kernel starts a program with the stack pointer at its arguments; `begin` takes that address.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {begin}", "ud2",
    begin = sym begin::<Launcher>);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "mov x0, sp", "bl {begin}", "brk #1",
    begin = sym begin::<Launcher>);

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    Launcher::panicked()
}
