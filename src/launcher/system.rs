//! What the launcher asks of the kernel, and the memory that the kernel gave it: all of its unsafe code.
//!
//! Linux on x86_64 and aarch64, whose system calls take up to six words and answer with one.

use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char};
use core::ptr::null;
use core::slice;

use crate::format::{self, LONGEST_BYTES, Stamp};

#[cfg(target_arch = "x86_64")]
mod number {
    pub(super) const READ: usize = 0;
    pub(super) const WRITE: usize = 1;
    pub(super) const CLOSE: usize = 3;
    pub(super) const MMAP: usize = 9;
    pub(super) const EXECVE: usize = 59;
    pub(super) const GETCWD: usize = 79;
    pub(super) const EXIT_GROUP: usize = 231;
    pub(super) const OPENAT: usize = 257;
    pub(super) const READLINKAT: usize = 267;
    pub(super) const STATX: usize = 332;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub(super) const GETCWD: usize = 17;
    pub(super) const OPENAT: usize = 56;
    pub(super) const CLOSE: usize = 57;
    pub(super) const READ: usize = 63;
    pub(super) const WRITE: usize = 64;
    pub(super) const READLINKAT: usize = 78;
    pub(super) const EXIT_GROUP: usize = 94;
    pub(super) const EXECVE: usize = 221;
    pub(super) const MMAP: usize = 222;
    pub(super) const STATX: usize = 291;
}

/// The working directory in place of a descriptor.
const AT_CWD: usize = -100isize as usize;
const OPEN_READ_CLOSE_ON_EXEC: usize = 0o2_000_000;
/// Type, mode, owner, times, inode, size: everything that is old.
const STATX_BASIC: usize = 0x7ff;
const READ_WRITE: usize = 3;
const PRIVATE_ANONYMOUS: usize = 0x22;
const STANDARD_ERROR: usize = 2;

// The kernel starts a program with the stack pointer at its arguments; it goes on as the only argument of `begin`.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    begin = sym begin
);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "mov x0, sp", "bl {begin}", "brk #1", begin = sym begin);

/// # Safety
/// `stack` is what the kernel left: the count of arguments, the arguments, a null, the variables, a null.
unsafe extern "C" fn begin(stack: *mut usize) -> ! {
    // SAFETY: as the caller promises; both tables end within the memory that the kernel filled in.
    let start = unsafe {
        let count = *stack;
        let arguments = stack.add(1).cast::<*const c_char>();
        Start { count, arguments, environment: arguments.add(count + 1) }
    };
    crate::main(&start)
}

/// What the program was started with. It lies in memory that lasts as long as the program.
pub(crate) struct Start {
    count: usize,
    arguments: *mut *const c_char,
    environment: *mut *const c_char,
}

impl Start {
    /// An argument, from 0: the own name.
    pub(crate) fn argument(&self, at: usize) -> Option<&CStr> {
        if at >= self.count {
            return None;
        }
        // SAFETY: below the count there are pointers to texts that end in a zero byte.
        Some(unsafe { CStr::from_ptr(*self.arguments.add(at)) })
    }

    /// The arguments from this one on with another in its place, for [`replace`].
    pub(crate) fn arguments_from(&self, at: usize, first: &CStr) -> *const *const c_char {
        if at >= self.count {
            return self.arguments;
        }
        // SAFETY: the table is this process's own memory, writable, and has a place for each argument below the count.
        // `first` outlives the use: it is read by the system call that follows.
        unsafe {
            let from = self.arguments.add(at);
            *from = first.as_ptr();
            from
        }
    }

    /// The arguments as they are, for [`replace`].
    pub(crate) fn arguments(&self) -> *const *const c_char {
        self.arguments
    }

    /// The variables as they are, for [`replace`].
    pub(crate) fn environment(&self) -> *const *const c_char {
        self.environment
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables().find_map(|text| value_of(text.to_bytes(), name))
    }

    fn variables(&self) -> impl Iterator<Item = &CStr> {
        (0..).map_while(|at| {
            // SAFETY: the table ends in a null pointer, behind which nothing is looked at.
            let text = unsafe { *self.environment.add(at) };
            // SAFETY: before the null there are texts that end in a zero byte.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
        })
    }
}

fn value_of<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(name)?.strip_prefix(b"=")
}

/// Memory for a table of texts and for one text, of the size that is needed.
pub(crate) struct Arena {
    table: *mut *const c_char,
    places: usize,
    used: usize,
    text: *mut u8,
    text_bytes: usize,
}

/// What programs are looked for in where no search path is set.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";

impl Arena {
    /// Room for the variables, so many more, and a search path with so many bytes more.
    pub(crate) fn for_environment(start: &Start, more: usize, search_bytes: usize) -> Option<Self> {
        let path_bytes = start.variable(b"PATH").map_or(DEFAULT_PATH.len(), <[u8]>::len);
        Self::new(start.variables().count() + more + 2, b"PATH=:\0".len() + search_bytes + path_bytes)
    }

    /// Room for the arguments and five more.
    pub(crate) fn for_arguments(start: &Start) -> Option<Self> {
        Self::new(start.count + 6, 0)
    }

    fn new(places: usize, text_bytes: usize) -> Option<Self> {
        let table_bytes = places.checked_mul(size_of::<*const c_char>())?;
        let length = table_bytes.checked_add(text_bytes)?;
        // SAFETY: asks for fresh memory, wherever the kernel has some.
        let address = unsafe {
            call(number::MMAP, [0, length, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0])
        };
        let base = usize::try_from(address).ok()? as *mut u8;
        // SAFETY: within the memory just mapped, which is `table_bytes + text_bytes` long.
        let text = unsafe { base.add(table_bytes) };
        Some(Self { table: base.cast(), places, used: 0, text, text_bytes })
    }

    /// `PATH=` with `search` in front, unless it is there already: a program that vx started pays once.
    pub(crate) fn search_path(&mut self, search: &[u8], path: Option<&[u8]>) -> Option<&'static [u8]> {
        let path = path.unwrap_or(DEFAULT_PATH);
        let there = path.strip_prefix(search).is_some_and(|rest| rest.is_empty() || rest[0] == b':');
        let parts: [&[u8]; 5] = match there || search.is_empty() {
            true => [b"PATH=", b"", b"", path, b"\0"],
            false => [b"PATH=", search, b":", path, b"\0"],
        };
        let length = parts.iter().map(|part| part.len()).sum();
        if length > self.text_bytes {
            return None;
        }
        // SAFETY: the text's memory is this arena's alone, handed out once, never given back, and long enough.
        let text = unsafe { slice::from_raw_parts_mut(self.text, length) };
        self.text_bytes = 0;
        let mut at = 0;
        for part in parts {
            text[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        Some(text)
    }

    /// Put a text that ends in a zero byte into the table.
    pub(crate) fn export(&mut self, text: &[u8]) {
        if text.last() == Some(&0) {
            self.push(text.as_ptr().cast());
        }
    }

    /// Put those variables into the table whose names are not there yet.
    pub(crate) fn inherit(&mut self, start: &Start) {
        let own = self.used;
        for text in start.variables() {
            let bytes = text.to_bytes();
            let name = &bytes[..bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len())];
            let taken = (0..own).any(|at| {
                // SAFETY: the places below `used` hold texts that end in a zero byte, put there by `push`.
                let other = unsafe { CStr::from_ptr(*self.table.add(at)) };
                value_of(other.to_bytes(), name).is_some()
            });
            if !taken {
                self.push(text.as_ptr());
            }
        }
    }

    /// Put every argument but the own name into the table.
    pub(crate) fn arguments_after_own(&mut self, start: &Start) {
        (1..start.count).filter_map(|at| start.argument(at)).for_each(|text| self.push(text.as_ptr()));
    }

    /// The table, ended by a null, for [`replace`].
    pub(crate) fn finish(mut self) -> *const *const c_char {
        self.push(null());
        self.table
    }

    fn push(&mut self, text: *const c_char) {
        if self.used < self.places {
            // SAFETY: below `places`, which the memory was made for; the last one is kept for the null.
            unsafe { *self.table.add(self.used) = text };
            self.used += 1;
        }
    }
}

/// Become the program at this path. Comes back only when that failed.
pub(crate) fn replace(file: &CStr, arguments: *const *const c_char, environment: *const *const c_char) {
    // SAFETY: both tables end in a null and hold texts that end in a zero byte.
    unsafe { call(number::EXECVE, [file.as_ptr() as usize, arguments as usize, environment as usize, 0, 0, 0]) };
}

/// The working directory's path.
pub(crate) fn working_directory(into: &mut [u8]) -> Option<&[u8]> {
    // SAFETY: the kernel writes at most as many bytes as the slice has.
    let length = unsafe { call(number::GETCWD, [into.as_mut_ptr() as usize, into.len(), 0, 0, 0, 0]) };
    let path = into.get(..usize::try_from(length).ok()?.checked_sub(1)?)?;
    // Outside of this process's root it has no path.
    path.starts_with(b"/").then_some(path)
}

/// The path of this program's file.
pub(crate) fn own_path(into: &mut [u8]) -> Option<&[u8]> {
    let link = c"/proc/self/exe";
    let words = [AT_CWD, link.as_ptr() as usize, into.as_mut_ptr() as usize, into.len(), 0, 0];
    // SAFETY: the kernel writes at most as many bytes as the slice has.
    let length = usize::try_from(unsafe { call(number::READLINKAT, words) }).ok()?;
    into.get(..length).filter(|path| path.len() < into.len())
}

/// Memory for the cache, which costs nothing but the pages that are used.
struct Buffer(UnsafeCell<[u8; LONGEST_BYTES]>);

// SAFETY: this program has one thread.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([0; LONGEST_BYTES]));

/// The beginning of a file whose path ends in a zero byte, as much as a cache may be long. To be called once.
pub(crate) fn read(path: &[u8]) -> Option<&'static [u8]> {
    let path = CStr::from_bytes_with_nul(path).ok()?;
    // SAFETY: the path ends in a zero byte, and the kernel writes at most as many bytes as the buffer has. Only this call
    // writes to the buffer, before anybody has a reference to it.
    let (length, bytes) = unsafe {
        let opened = call(number::OPENAT, [AT_CWD, path.as_ptr() as usize, OPEN_READ_CLOSE_ON_EXEC, 0, 0, 0]);
        let file = usize::try_from(opened).ok()?;
        let length = call(number::READ, [file, BUFFER.0.get() as usize, LONGEST_BYTES, 0, 0, 0]);
        call(number::CLOSE, [file, 0, 0, 0, 0, 0]);
        (length, &*BUFFER.0.get())
    };
    bytes.get(..usize::try_from(length).ok()?)
}

/// `struct statx` of the kernel, as far as it is looked at.
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

/// What a file is like whose path ends in a zero byte.
pub(crate) fn stamp(path: &[u8]) -> Stamp {
    let path = CStr::from_bytes_with_nul(path).ok()?;
    let mut found = core::mem::MaybeUninit::<Statx>::uninit();
    let words = [AT_CWD, path.as_ptr() as usize, 0, STATX_BASIC, found.as_mut_ptr() as usize, 0];
    // SAFETY: the kernel fills in the whole structure, whose 256 bytes are asserted below, when it answers with 0.
    let found = unsafe {
        if call(number::STATX, words) != 0 {
            return None;
        }
        found.assume_init()
    };
    let device = format::device(found.device[0], found.device[1]);
    Some([device, found.inode, found.size, found.modified.word(), found.changed.word()])
}

const _: () = assert!(size_of::<Statx>() == 256);

/// Say something on standard error.
pub(crate) fn complain(text: &[u8]) {
    // SAFETY: the kernel reads the slice.
    unsafe { call(number::WRITE, [STANDARD_ERROR, text.as_ptr() as usize, text.len(), 0, 0, 0]) };
}

/// End the process.
pub(crate) fn exit(code: i32) -> ! {
    loop {
        // SAFETY: it takes no memory and does not come back.
        unsafe { call(number::EXIT_GROUP, [code as usize, 0, 0, 0, 0, 0]) };
    }
}

/// A system call: what it answers, negative for an error.
///
/// # Safety
/// The words are what this call takes, and what they point to lives and may be written to as the call does it.
unsafe fn call(number: usize, words: [usize; 6]) -> isize {
    let answer;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel changes these registers and what the caller has answered for.
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
    // SAFETY: the kernel changes this register and what the caller has answered for.
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

// What the compiler calls for copies and comparisons, which a C library would bring. Volatile accesses keep it from
// making calls of themselves out of these loops.

/// # Safety
/// Both are `count` bytes long and do not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: as the caller promises.
    (0..count).for_each(|at| unsafe { to.add(at).write_volatile(*from.add(at)) });
    to
}

/// # Safety
/// It is `count` bytes long.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as the caller promises; the direction flag is clear, as the calling convention has it.
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") value as u8, options(nostack));
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: as the caller promises.
    (0..count).for_each(|at| unsafe { to.add(at).write_volatile(value as u8) });
    to
}

/// # Safety
/// Both are `count` bytes long.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: as the caller promises.
        let (left, right) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

/// # Safety
/// Both are `count` bytes long.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { memcmp(one, other, count) }
}

/// # Safety
/// It ends in a zero byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut length = 0;
    // SAFETY: as the caller promises.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}
