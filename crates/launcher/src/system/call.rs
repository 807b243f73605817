//! The system calls of Linux on x86_64 and aarch64: up to six words in, one word out.

use core::arch::asm;

/// Make a system call and return the kernel's answer, negative for an error.
///
/// # Safety
/// The words are what this call takes; each address among them is valid for what the call reads and writes there.
pub(super) unsafe fn call(number: usize, words: [usize; 6]) -> isize {
    let answer;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel changes the registers named here and the memory that the caller has answered for, nothing
    // else.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => answer,
            in("rdi") words[0], in("rsi") words[1], in("rdx") words[2],
            in("r10") words[3], in("r8") words[4], in("r9") words[5],
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the kernel changes the register named here and the memory that the caller has answered for, nothing else.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") words[0] as isize => answer,
            in("x1") words[1], in("x2") words[2], in("x3") words[3], in("x4") words[4], in("x5") words[5],
            options(nostack)
        );
    }
    answer
}

/// The numbers of the calls that the launcher makes.
#[cfg(target_arch = "x86_64")]
pub(super) mod number {
    pub(crate) const READ: usize = 0;
    pub(crate) const WRITE: usize = 1;
    pub(crate) const MMAP: usize = 9;
    pub(crate) const EXECVE: usize = 59;
    pub(crate) const GETCWD: usize = 79;
    pub(crate) const GETSID: usize = 124;
    pub(crate) const EXIT_GROUP: usize = 231;
    pub(crate) const OPENAT: usize = 257;
    pub(crate) const READLINKAT: usize = 267;
    pub(crate) const STATX: usize = 332;
}

/// The numbers of the calls that the launcher makes.
#[cfg(target_arch = "aarch64")]
pub(super) mod number {
    pub(crate) const GETCWD: usize = 17;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const READ: usize = 63;
    pub(crate) const WRITE: usize = 64;
    pub(crate) const READLINKAT: usize = 78;
    pub(crate) const EXIT_GROUP: usize = 94;
    pub(crate) const GETSID: usize = 156;
    pub(crate) const EXECVE: usize = 221;
    pub(crate) const MMAP: usize = 222;
    pub(crate) const STATX: usize = 291;
}
