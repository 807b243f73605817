//! The launcher's calls to the kernel, and the memory that it got from the kernel: all of its unsafe code is here.

#![allow(unsafe_code, reason = "the kernel takes addresses; each block proves its own")]

mod arena;
mod call;
#[cfg(any(program, test))]
mod memory;
mod start;

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::format::{self, LONGEST_BYTES, WitnessStamp};
pub use arena::Arena;
use call::{call, number};
pub use start::{CStringTable, FreestandingProgram, ProcessStartup, begin};

/// The working directory in place of a descriptor.
const AT_CWD: usize = -100isize as usize;
const OPEN_READ_CLOSE_ON_EXEC: usize = 0o2_000_000;
/// Type, mode, owner, times, inode and size: the fields that every kernel with this call fills in.
const STATX_BASIC: usize = 0x7ff;
const STANDARD_ERROR: usize = 2;

/// Replace this process with the program at this path. Returns only when that failed.
pub fn replace(file: &CStr, arguments: CStringTable<'_>, environment: CStringTable<'_>) {
    let words = [file.as_ptr() as usize, arguments.address(), environment.address(), 0, 0, 0];
    // SAFETY: the kernel only reads: the path up to its zero byte, and both tables, which a `CStringTable` promises to
    // end in a null pointer and to hold texts that end in a zero byte.
    unsafe { call(number::EXECVE, words) };
}

/// The working directory's path.
pub fn working_directory(into: &mut [u8]) -> Option<&[u8]> {
    // SAFETY: the kernel writes at most as many bytes as the slice has.
    let length = unsafe { call(number::GETCWD, [into.as_mut_ptr() as usize, into.len(), 0, 0, 0, 0]) };
    let path = into.get(..usize::try_from(length).ok()?.checked_sub(1)?)?;
    // A directory outside of this process's root has no path.
    path.starts_with(b"/").then_some(path)
}

/// The number of this process's session.
pub fn session() -> Option<u32> {
    // SAFETY: the call takes no address.
    let session = unsafe { call(number::GETSID, [0; 6]) };
    u32::try_from(session).ok()
}

/// The path of this program's file.
pub fn own_path(into: &mut [u8]) -> Option<&[u8]> {
    let link = c"/proc/self/exe";
    let words = [AT_CWD, link.as_ptr() as usize, into.as_mut_ptr() as usize, into.len(), 0, 0];
    // SAFETY: the kernel reads the link's name up to its zero byte and writes at most as many bytes as the slice has.
    let length = usize::try_from(unsafe { call(number::READLINKAT, words) }).ok()?;
    into.get(..length).filter(|path| path.len() < into.len())
}

/// Memory for the route file. It is part of the zeroed data, so only the pages that are used cost anything.
struct Buffer {
    taken: AtomicBool,
    bytes: UnsafeCell<[u8; LONGEST_BYTES]>,
}

// SAFETY: `bytes` is touched by the one call of `read` that finds `taken` unset, and by the readers of the reference
// that this call returns.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer { taken: AtomicBool::new(false), bytes: UnsafeCell::new([0; LONGEST_BYTES]) };

/// Reads the beginning of a file, up to the longest length of a route file; `path` ends in a zero byte. The buffer
/// serves only one file: the next call returns `None`.
pub fn read(path: &[u8]) -> Option<&'static [u8]> {
    let path = CStr::from_bytes_with_nul(path).ok()?;
    let open = [AT_CWD, path.as_ptr() as usize, OPEN_READ_CLOSE_ON_EXEC, 0, 0, 0];
    // SAFETY: the kernel reads the path up to its zero byte.
    let file = usize::try_from(unsafe { call(number::OPENAT, open) }).ok()?;
    if BUFFER.taken.swap(true, Ordering::Relaxed) {
        return None;
    }
    // SAFETY: the kernel writes at most as many bytes as the buffer has; no other call has passed `taken`, so there is
    // no reference to the buffer yet.
    let length = unsafe { call(number::READ, [file, BUFFER.bytes.get() as usize, LONGEST_BYTES, 0, 0, 0]) };
    // The file is left open: the next program replaces this process within microseconds, which closes the file.
    // SAFETY: only this call writes to the buffer, and it has finished; from here on the buffer is only read.
    let bytes = unsafe { &*BUFFER.bytes.get() };
    bytes.get(..usize::try_from(length).ok()?)
}

/// `struct statx` of the kernel.
#[repr(C)]
struct Statx {
    head: [u32; 8],
    inode: u64,
    size: u64,
    blocks: u64,
    attributes: u64,
    accessed: Time,
    born: Time,
    changed: Time,
    modified: Time,
    device_of_node: [u32; 2],
    device: [u32; 2],
    rest: [u64; 14],
}

const _: () = assert!(size_of::<Statx>() == 256);

#[repr(C)]
struct Time {
    seconds: i64,
    nanoseconds: u32,
    unused: i32,
}

impl Time {
    fn word(&self) -> u64 {
        (self.seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(u64::from(self.nanoseconds))
    }
}

/// The state of a file whose path ends in a zero byte.
pub fn stamp(path: &[u8]) -> WitnessStamp {
    let path = CStr::from_bytes_with_nul(path).ok()?;
    let mut found = core::mem::MaybeUninit::<Statx>::uninit();
    let words = [AT_CWD, path.as_ptr() as usize, 0, STATX_BASIC, found.as_mut_ptr() as usize, 0];
    // SAFETY: the kernel reads the path up to its zero byte and writes the 256 bytes of the structure.
    if unsafe { call(number::STATX, words) } != 0 {
        return None;
    }
    // SAFETY: the kernel has answered 0, so it has filled in the whole structure; its fields are plain numbers.
    let found = unsafe { found.assume_init() };
    let device = format::device(found.device[0], found.device[1]);
    Some([device, found.inode, found.size, found.modified.word(), found.changed.word()])
}

/// Write a text to standard error.
pub fn complain(text: &[u8]) {
    // SAFETY: the kernel reads the slice and no further.
    unsafe { call(number::WRITE, [STANDARD_ERROR, text.as_ptr() as usize, text.len(), 0, 0, 0]) };
}

/// End the process.
pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: the call takes no address and does not return.
        unsafe { call(number::EXIT_GROUP, [code as usize, 0, 0, 0, 0, 0]) };
    }
}

#[cfg(test)]
mod tests;
