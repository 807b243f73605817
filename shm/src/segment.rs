//! The memory of a board, for each kind of board. All unsafe code of the crate is in this one file.
//!
//! A segment is a mapped file, a named segment of the system, or a private copy of a file that cannot be trusted to
//! keep its length. It hands out references to atomics only, each shown to lie inside the memory when it is made; never
//! a plain `&T` or slice over memory that another process may be writing to. Seven things need an argument:
//! that the memory may be shared between threads, that the images of records are plain bytes, that a reference into the
//! memory is valid, that a slot's words may be kept, that two words may be stored at once, the system call behind the
//! byte locks ([`lock`]), which no safe crate makes on every system, and those behind the handler for pages that are
//! gone ([`guard`]). Everything else is built on them.

mod copied;
mod create;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the readers sleep on it"))]
mod doorbell;
mod guard;
pub(crate) mod lock;
mod named;
mod open;
mod pairs;
mod parts;
mod plain_file;
pub(crate) mod sleep;
mod touch;
mod unnamed;

pub(crate) use create::{create_file, create_named, create_unnamed};
pub(crate) use named::{SCHEME, as_file, remove_named};
pub(crate) use open::{open_read, open_write};
#[cfg_attr(not(feature = "internals"), allow(unreachable_pub, reason = "public for the benches"))]
pub use pairs::InPairs;
pub(crate) use plain_file::plain_file;
pub use unnamed::Unnamed;

use std::fs::File;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::atomics::AtomicU64;
use crate::layout::{
    ADDRESS_WORDS, CAUSE_TEXT_WORDS, CauseImage, CauseLatch, ColdImage, ColdRecord, DETAILS_WORDS, Doorbell,
    ERROR_WORDS, HeaderImage, HeaderPage, HotImage, HotLine, IdentityImage, KEY_WORDS, LogCounters, MESSAGE_WORDS,
    NOTE_WORDS, NotesImage, RESULT_WORDS, Region, STEP_NAME_WORDS, SlotImage, TRANSITIONS, TextImage, TransitionImage,
    VERSION_WORDS,
};

/// Memory of one board, and the facts of its header: see [`parts`] for the layout.
pub(crate) struct Segment {
    memory: SegmentMemory,
    writable: bool,
    facts: HeaderImage,
    path: PathBuf,
    file: Option<File>,
    doorbell: doorbell::AloneMap,
}

/// What kind of memory it is; kept so that dropping it releases the memory.
enum Backing {
    /// A file, mapped read-only or read-write.
    Mapped(memmap2::MmapRaw),
    /// A named segment of the system, always mapped read-write.
    Named(named::Shmem),
    /// A private copy, brought up to date by `reload`.
    Copied(copied::Copied),
}

/// Memory that other threads and processes may store to, and that stays mapped as long as this value lives.
struct SegmentMemory {
    base: NonNull<u8>,
    length: usize,
    /// Declared before the map that it guards, so that the guard is dropped first.
    guard: guard::MapGuard,
    backing: Backing,
}

// SAFETY: `base` points into `backing`, which lives as long as `self` and is not moved by moving it (a map, or a boxed
// slice). All access goes through references to atomics, which any thread may use; stores are made only through
// segments opened for writing. `MmapRaw` and `Copied` are Send and Sync themselves. `Shmem` is not, because it holds a
// raw pointer to its map; it is used for that pointer, its length and its drop, none of which is tied to a thread.
#[allow(unsafe_code)]
unsafe impl Send for SegmentMemory {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for SegmentMemory {}

/// Types that are made of atomics only: any bits are valid, and other processes may store to them at any time.
///
/// # Safety
/// Every field must be an atomic, or padding that is never read, and the alignment at most 8.
#[allow(unsafe_code)]
unsafe trait AtomicsOnly: 'static {}

macro_rules! shared {
    ($($type:ty),*) => { $(
        const _: () = assert!(align_of::<$type>() <= 8);
        // SAFETY: made of atomics and unread padding, as its definition shows; the alignment was just asserted.
        #[allow(unsafe_code)]
        unsafe impl AtomicsOnly for $type {}
    )* };
}
shared!(HeaderPage, Doorbell, HotLine, ColdRecord, CauseLatch, LogCounters, AtomicU64);

/// Mark images as plain bytes. A derive would do the same, at the cost of five more crates in the build of every
/// writer.
macro_rules! plain {
    ($($type:ident { $($field:ident: $of:ty),* })*) => { $(
        const _: () = {
            const fn size_of_plain<T: bytemuck::Pod>() -> usize {
                size_of::<T>()
            }
            // Does not compile unless these are all the fields, and their types.
            fn _all_fields($type { $($field),* }: $type) {
                $(let _: $of = $field;)*
            }
            assert!(size_of::<$type>() == 0 $(+ size_of_plain::<$of>())*, "there is padding between the fields");
        };
        // SAFETY: `repr(C)` and `Copy`; every field is plain bytes, and they fill the type, as was just asserted. So
        // any bits are valid, zeros too, and no byte is uninitialized.
        #[allow(unsafe_code)]
        unsafe impl bytemuck::Zeroable for $type {}
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe impl bytemuck::Pod for $type {}
    )* };
}
plain! {
    Region { offset: u32, stride: u32 }
    HeaderImage {
        magic: u64, major: u32, minor: u32, incompatible: u64, compatible: u64, length: u64, slot_count: u32, form: u32,
        bell: Region, hot: Region, beats: Region, cold: Region, log: Region, board_id: [u8; 16], boot_id: [u8; 16],
        creator_pid: u32, creator_uid: u32, creator_start: u64, creator_namespace: u64, created_unix_ns: i64,
        created_at_ns: u64, taken_at_ns: u64, body_crc: u32, unused0: u32, creator_time_namespace: u64, crc: u32,
        unused2: u32
    }
    HotImage { control: u64, stamp: u64, copies: [[u64; 3]; 2] }
    TransitionImage { entered: u64, done: u64 }
    TextImage { message: [u64; MESSAGE_WORDS], details: [u64; DETAILS_WORDS] }
    NotesImage {
        waits_board: [u8; 16], waits_slot: u32, waits_generation: u32, port: u32, named_at: u32,
        step_name: [u64; STEP_NAME_WORDS], address: [u64; ADDRESS_WORDS]
    }
    CauseImage { generation: u32, unused: u32, text: [u64; CAUSE_TEXT_WORDS] }
    IdentityImage {
        generation: u32, pid: u32, start_time: u64, namespace: u64, time_namespace: u64, uid: u32, kind: u8, origin: u8,
        parent_slot: u16, claimed_at: u64, key_hash: u64, runner: u32, log_writer: u32, process_group: u32,
        beat_interval_ms: u32, key: [u64; KEY_WORDS], version: [u64; VERSION_WORDS]
    }
    ColdImage {
        identity: IdentityImage, exit_flags: u8, exit_signal: u8, exit_unused: u16, exit_code: i32, ended_at: u64,
        text_stamp: u64, text: [TextImage; 2], notes_stamp: u64, notes: [[u64; NOTE_WORDS]; 2],
        transitions: [TransitionImage; TRANSITIONS], error: [u64; ERROR_WORDS], result: [u64; RESULT_WORDS]
    }
    SlotImage { hot: HotImage, cold: ColdImage }
}

impl SegmentMemory {
    /// `None` if the memory's address is null or unaligned.
    fn from_backing(backing: Backing, writable: bool) -> Option<Self> {
        let (base, length) = match &backing {
            Backing::Mapped(map) => (map.as_mut_ptr(), map.len()),
            Backing::Named(map) => (map.as_ptr(), map.len()),
            Backing::Copied(copy) => (copy.base(), copy.length()),
        };
        let base = NonNull::new(base).filter(|base| base.cast::<u64>().is_aligned())?;
        let guard = match &backing {
            // Another process may cut the file short.
            Backing::Mapped(_) => guard::MapGuard::over(base.as_ptr(), length, writable),
            Backing::Named(_) => guard::MapGuard::over(base.as_ptr(), length, true),
            Backing::Copied(_) => guard::MapGuard::none(),
        };
        Some(Self { base, length, guard, backing })
    }

    /// Whether `count` records of `T`, the first at `offset`, each `stride` after the one before, lie inside the
    /// memory.
    #[inline(always)]
    fn holds<T: AtomicsOnly>(&self, offset: usize, stride: usize, count: usize) -> bool {
        let end = stride.checked_mul(count.saturating_sub(1)).and_then(|last| last.checked_add(offset));
        let end = end.and_then(|last| last.checked_add(size_of::<T>()));
        offset.is_multiple_of(8) && stride.is_multiple_of(8) && end.is_some_and(|end| end <= self.length)
    }

    /// Borrow the shared words at this offset.
    ///
    /// # Panics
    /// When they do not lie inside: the header's check has shown that they do.
    #[inline(always)]
    fn at_offset<T: AtomicsOnly>(&self, offset: usize) -> &T {
        assert!(self.holds::<T>(offset, 0, 1), "the header was checked");
        // SAFETY: the assertion keeps the reference inside the memory and aligned to 8 (`from_backing` checked `base`),
        // which is enough for every `AtomicsOnly` type. `T` holds atomics only, so any bits are valid and other
        // processes may store meanwhile. The memory lives as long as `self`. On a read-only map only relaxed loads of
        // at most 8 bytes are made, which are plain loads on every supported processor.
        #[allow(unsafe_code)]
        unsafe {
            self.base.add(offset).cast::<T>().as_ref()
        }
    }

    /// Borrow the first records of a region. Their place is checked once, here, and not again for each record.
    ///
    /// # Panics
    /// As [`at_offset`](Self::at_offset).
    #[inline(always)]
    fn rows<T: AtomicsOnly>(&self, region: Region, count: u32) -> Rows<'_, T> {
        let (offset, stride, count) = (region.offset as usize, region.stride as usize, count as usize);
        assert!(self.holds::<T>(offset, stride, count), "the header was checked");
        Rows { memory: self, offset, stride, count, of: PhantomData }
    }

    /// `count` words from this offset on.
    ///
    /// # Panics
    /// As [`at_offset`](Self::at_offset).
    fn words(&self, offset: usize, count: usize) -> &[AtomicU64] {
        assert!(self.holds::<AtomicU64>(offset, 8, count), "the header was checked");
        // SAFETY: the assertion has shown that the last word lies inside, and so do all before it; they are aligned as
        // in `at_offset`. A slice of atomics makes no promise about their values. An empty slice reads nothing.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.base.add(offset).cast::<AtomicU64>().as_ptr(), count)
        }
    }
}

/// Records of a region, all of which lie inside the memory.
pub(crate) struct Rows<'a, T> {
    memory: &'a SegmentMemory,
    offset: usize,
    stride: usize,
    count: usize,
    of: PhantomData<&'a T>,
}

#[allow(private_bounds, reason = "every record of a region is `AtomicsOnly`")]
impl<'a, T: AtomicsOnly> Rows<'a, T> {
    /// Borrow the records from `first` on and before `end`, in order; numbers that the region does not have are left
    /// out.
    #[inline(always)]
    pub(crate) fn between(&self, first: usize, end: usize) -> impl Iterator<Item = &'a T> {
        (first..end.min(self.count)).map(|row| self.row(row))
    }

    /// A record whose number is below `count`. Only [`between`](Self::between) calls this, with such numbers.
    #[inline(always)]
    fn row(&self, row: usize) -> &'a T {
        debug_assert!(row < self.count);
        // SAFETY: as in `SegmentMemory::at_offset`; `SegmentMemory::rows` has shown that the last of `count` records
        // lies inside, so the others do too, and that each begins on a multiple of 8.
        #[allow(unsafe_code)]
        unsafe {
            self.memory.base.add(self.offset + row * self.stride).cast::<T>().as_ref()
        }
    }
}

/// A slot's words kept for publishing: its hot line and its record, and the segment that keeps them mapped.
pub(crate) struct HotHandle {
    line: NonNull<HotLine>,
    record: NonNull<ColdRecord>,
    way: InPairs,
    segment: Arc<Segment>,
}

// SAFETY: line and record lie in the segment's memory, which the handle keeps alive and which any thread may use.
#[allow(unsafe_code)]
unsafe impl Send for HotHandle {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for HotHandle {}

impl HotHandle {
    /// The handle of a slot of a board that is open for writing.
    pub(crate) fn new(segment: Arc<Segment>, slot: u32) -> Option<Self> {
        let line = segment.hot(slot).filter(|_| segment.writable()).map(NonNull::from)?;
        let record = segment.cold(slot).map(NonNull::from)?;
        Some(Self { line, record, way: InPairs::here(), segment })
    }

    #[inline(always)]
    pub(crate) fn line(&self) -> &HotLine {
        // SAFETY: `line` was a reference into the memory of `segment`, which lives and stays mapped in place as long as
        // `self`; it points to atomics.
        #[allow(unsafe_code)]
        unsafe {
            self.line.as_ref()
        }
    }

    #[inline(always)]
    pub(crate) fn record(&self) -> &ColdRecord {
        // SAFETY: as in `line`.
        #[allow(unsafe_code)]
        unsafe {
            self.record.as_ref()
        }
    }

    /// Line, record, and how this process fills a copy.
    #[inline(always)]
    pub(crate) fn parts(&self) -> (&HotLine, &ColdRecord, InPairs) {
        (self.line(), self.record(), self.way)
    }

    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }
}

/// Store eight words as eight relaxed stores would, with four instructions. Only if [`pairs`] has found that the
/// processor stores 16 aligned bytes whole.
///
/// # Panics
/// When the cells do not begin on a multiple of 16.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn store_eight(cells: &[AtomicU64; 8], words: &[u64; 8]) {
    assert!(cells.as_ptr().cast::<u128>().is_aligned(), "a pair would cross a line");
    // SAFETY: the block does what eight relaxed stores do, and nothing else. It loads the 64 bytes of `words` and
    // stores the 64 bytes of `cells`, atomics that may be stored to behind a shared reference. Each 16-byte store is
    // aligned, as was just asserted, and thereby whole on every processor that has AVX, so each word in it is; no
    // reader can see a part of a word. They are plain stores, which this architecture makes visible in order: neither
    // non-temporal ones nor a string move. The block may touch memory as far as the compiler knows, so that the fence
    // before it and the release after it keep their order; it names the registers it changes, and leaves stack and
    // flags alone.
    #[allow(unsafe_code)]
    unsafe {
        std::arch::asm!(
            "movups {a}, [{words}]",
            "movups {b}, [{words} + 16]",
            "movups {c}, [{words} + 32]",
            "movups {d}, [{words} + 48]",
            "movaps [{cells}], {a}",
            "movaps [{cells} + 16], {b}",
            "movaps [{cells} + 32], {c}",
            "movaps [{cells} + 48], {d}",
            words = in(reg) words.as_ptr(),
            cells = in(reg) cells.as_ptr(),
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Store two words as two relaxed stores would: see [`store_eight`].
///
/// # Panics
/// As [`store_eight`].
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn store_two(cells: &[AtomicU64; 2], words: &[u64; 2]) {
    assert!(cells.as_ptr().cast::<u128>().is_aligned(), "a pair would cross a line");
    // SAFETY: as in `store_eight`, with 16 bytes in place of 64.
    #[allow(unsafe_code)]
    unsafe {
        std::arch::asm!(
            "movups {pair}, [{words}]",
            "movaps [{cells}], {pair}",
            words = in(reg) words.as_ptr(),
            cells = in(reg) cells.as_ptr(),
            pair = out(xmm_reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Lock, unlock or test one byte of a file, for its open file description. Returns the kind of lock in the system's
/// answer.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn byte_lock(file: &File, command: libc::c_int, kind: libc::c_int, byte: i64) -> std::io::Result<libc::c_int> {
    use std::os::fd::AsRawFd;
    // SAFETY: `flock` is plain data, for which zeros are valid; `fcntl` reads and writes this one value only, which
    // outlives the call, for each of the lock commands; the descriptor is open because `file` is.
    #[allow(unsafe_code)]
    let (answer, question) = unsafe {
        let mut question: libc::flock = std::mem::zeroed();
        question.l_type = kind as _;
        question.l_whence = libc::SEEK_SET as _;
        question.l_start = byte as _;
        question.l_len = 1;
        let answer = libc::fcntl(file.as_raw_fd(), command, &raw mut question);
        (answer, question)
    };
    if answer == -1 { Err(std::io::Error::last_os_error()) } else { Ok(question.l_type.into()) }
}

/// What SIGBUS did before [`guard`] replaced its handler.
#[cfg(unix)]
type Disposition = libc::sigaction;

/// A handler for a fault, called with the handler's own arguments.
#[cfg(unix)]
type OnFault = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// Install this handler for SIGBUS. `keep` gets the earlier disposition first, because the handler may be called at
/// once.
#[cfg(unix)]
fn take_bus_errors(handler: OnFault, keep: impl FnOnce(Disposition)) {
    // SAFETY: a `sigaction` is plain data, for which zeros are valid; the calls read and write these two values only.
    // The handler is of the kind that `SA_SIGINFO` asks for, and does nothing that a signal's handler must not: see
    // `guard`. Should a call fail, which for SIGBUS it cannot, the signal keeps the effect it had.
    #[allow(unsafe_code)]
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before);
        keep(before);
        let mut ours: libc::sigaction = std::mem::zeroed();
        libc::sigemptyset(&raw mut ours.sa_mask);
        ours.sa_sigaction = handler as usize;
        // Run on the thread's alternate stack for signals, if it has one.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGBUS, &raw const ours, std::ptr::null_mut());
    }
}

/// In a handler: the address whose access raised the signal; `None` if a process sent it.
#[cfg(unix)]
fn faulting_address(info: *mut libc::siginfo_t) -> Option<u64> {
    // SAFETY: the system hands a handler of this kind a valid `siginfo_t`, whose address counts if a fault raised it.
    #[allow(unsafe_code)]
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr() as u64) };
    (code > 0).then_some(address)
}

/// In a handler: put private zeros in place of a whole map. Returns whether that succeeded.
#[cfg(unix)]
fn put_zeros(begin: u64, length: u64, writable: bool) -> bool {
    let protection = if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED | libc::MAP_NORESERVE;
    let begin = std::ptr::with_exposed_provenance_mut::<libc::c_void>(begin as usize);
    // SAFETY: the range is that of a map of a board, which stays mapped as long as its guard, and the guard lives as
    // long as any code that is in the middle of touching the map: the interrupted thread borrows the segment. So the
    // pages replaced are the board's own. All that points to them are references to atomics, for which any bits are
    // valid, zeros too.
    #[allow(unsafe_code)]
    let placed = unsafe { libc::mmap(begin, length as usize, protection, flags, -1, 0) };
    placed != libc::MAP_FAILED
}

/// In a handler: treat the signal as the earlier disposition would.
#[cfg(unix)]
fn pass_bus_error_on(
    before: Option<&Disposition>,
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let sent = faulting_address(info).is_none();
    match before.map_or(libc::SIG_DFL, |before| before.sa_sigaction) {
        libc::SIG_IGN if sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: both calls are among those a handler may make. A fault recurs after the return and then has the
            // default effect; a signal that a process sent does not recur, so it is raised again.
            #[allow(unsafe_code)]
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
                if sent {
                    libc::raise(signal);
                }
            }
        }
        handler => {
            let with_info = before.is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0);
            // SAFETY: the system gave this address as the handler of this signal, and its flags show which of the two
            // kinds it is. It is called as the system would have called it.
            #[allow(unsafe_code)]
            unsafe {
                if with_info {
                    let handler: OnFault = std::mem::transmute(handler);
                    handler(signal, info, context);
                } else {
                    let handler: extern "C" fn(libc::c_int) = std::mem::transmute(handler);
                    handler(signal);
                }
            }
        }
    }
}
