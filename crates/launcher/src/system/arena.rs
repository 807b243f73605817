//! Memory for a table of texts and a search path, of the size that they need.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char};
use core::marker::PhantomData;
use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

use super::call::{call, number};
use super::start::{CStringTable, ProcessStartup, value_of};

const READ_WRITE: usize = 3;
const PRIVATE_ANONYMOUS: usize = 0x22;

/// The folders that are searched for programs if no search path is set.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";

/// Bytes of memory that need no system call. A usual environment takes a few hundred.
const AT_HAND_BYTES: usize = 16 * 1024;

/// Static memory for one arena. It is part of the zeroed data, so only the pages that are used cost anything.
#[repr(align(8))]
struct AtHand {
    bytes: UnsafeCell<[u8; AT_HAND_BYTES]>,
    taken: AtomicBool,
}

// SAFETY: `bytes` is touched only through the pointer that `claim` hands out, once.
unsafe impl Sync for AtHand {}

static AT_HAND: AtHand = AtHand { bytes: UnsafeCell::new([0; AT_HAND_BYTES]), taken: AtomicBool::new(false) };

impl AtHand {
    /// The memory, aligned for pointers and zeroed, if it has this many bytes and was not claimed before.
    fn claim(&self, length: usize) -> Option<*mut u8> {
        let free = length <= AT_HAND_BYTES && !self.taken.swap(true, Ordering::Relaxed);
        free.then(|| self.bytes.get().cast())
    }
}

/// A table of arguments or of variables that is being filled. Its memory is never freed: the program soon ends, or is
/// replaced by another.
pub struct Arena<'a> {
    table: *mut *const c_char,
    places: usize,
    used: usize,
    path: *mut u8,
    path_bytes: usize,
    texts: PhantomData<&'a CStr>,
}

impl<'a> Arena<'a> {
    /// Room for the variables of `start`, for `more` beside them, and for a search path with `search_bytes` in front.
    pub fn for_environment(start: &ProcessStartup, more: usize, search_bytes: usize) -> Option<Self> {
        let path_bytes = start.variable(b"PATH").map_or(DEFAULT_PATH.len(), <[u8]>::len);
        Self::new(start.variables().count() + more + 2, b"PATH=:\0".len() + search_bytes + path_bytes)
    }

    /// Room for the arguments of `start` and five more.
    pub fn for_arguments(start: &ProcessStartup) -> Option<Self> {
        Self::new(start.count() + 6, 0)
    }

    fn new(places: usize, path_bytes: usize) -> Option<Self> {
        let table_bytes = places.checked_mul(size_of::<*const c_char>())?;
        let length = table_bytes.checked_add(path_bytes)?;
        let base = AT_HAND.claim(length).or_else(|| mapped(length))?;
        // SAFETY: the memory is `table_bytes + path_bytes` long, aligned for pointers and zeroed.
        let path = unsafe { base.add(table_bytes) };
        Some(Self { table: base.cast(), places, used: 0, path, path_bytes, texts: PhantomData })
    }

    /// Makes `PATH=` with `search` in front of `path`, unless it is there already: if such programs start one another,
    /// only the first adds it. There is room for one such text.
    pub fn search_path(&mut self, search: &[u8], path: Option<&[u8]>) -> Option<&'static [u8]> {
        let path = path.unwrap_or(DEFAULT_PATH);
        let there = path.strip_prefix(search).is_some_and(|rest| rest.is_empty() || rest[0] == b':');
        let parts: [&[u8]; 5] = match there || search.is_empty() {
            true => [b"PATH=", b"", b"", path, b"\0"],
            false => [b"PATH=", search, b":", path, b"\0"],
        };
        let length = parts.iter().map(|part| part.len()).sum();
        if length > self.path_bytes {
            return None;
        }
        self.path_bytes = 0;
        // SAFETY: `path_bytes` bytes begin at `path`, zeroed, and `length` is no more. They are handed
        // out once, since no room is left for another text, and never given back.
        let text = unsafe { slice::from_raw_parts_mut(self.path, length) };
        let mut at = 0;
        for part in parts {
            text[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        Some(text)
    }

    /// Put a text that ends in a zero byte into the table; any other is left out.
    pub fn export(&mut self, text: &'a [u8]) {
        if text.last() == Some(&0) {
            self.push(text.as_ptr().cast());
        }
    }

    /// Put the variables of `start` into the table, except those whose names are there already.
    pub fn inherit(&mut self, start: &'a ProcessStartup) {
        let own = self.used;
        for text in start.variables() {
            let bytes = text.to_bytes();
            let name = &bytes[..bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len())];
            let taken = (0..own).any(|at| {
                // SAFETY: the places below `used` are within the table, and `push` has filled them.
                let other = unsafe { *self.table.add(at) };
                // SAFETY: `push` takes only texts that end in a zero byte and live for the arena's lifetime.
                let other = unsafe { CStr::from_ptr(other) };
                value_of(other.to_bytes(), name).is_some()
            });
            if !taken {
                self.push(text.as_ptr());
            }
        }
    }

    /// Put every argument of `start` except the program's name into the table.
    pub fn arguments_after_own(&mut self, start: &'a ProcessStartup) {
        (1..start.count()).filter_map(|at| start.argument(at)).for_each(|text| self.push(text.as_ptr()));
    }

    /// The table, ended by a null pointer.
    pub fn finish(self) -> CStringTable<'a> {
        // SAFETY: `push` keeps the last place free, which is still zero: a null pointer. All
        // pointers before it came through `push`.
        unsafe { CStringTable::from_pointer(self.table) }
    }

    /// Put a pointer to a text that ends in a zero byte and lives for `'a` into the table, while there is room.
    fn push(&mut self, text: *const c_char) {
        if self.used + 1 < self.places {
            // SAFETY: `used` is below `places`, for which the memory was made.
            unsafe { *self.table.add(self.used) = text };
            self.used += 1;
        }
    }
}

/// Gets fresh memory from the kernel.
fn mapped(length: usize) -> Option<*mut u8> {
    // SAFETY: the kernel picks the address of fresh memory; no memory in use is replaced.
    let address = unsafe { call(number::MMAP, [0, length, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0]) };
    Some(usize::try_from(address).ok()? as *mut u8)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{StartedWith, texts};
    use super::*;

    fn joined(search: &str, path: Option<&str>) -> Option<String> {
        let mut arena = Arena::new(1, 64)?;
        let text = arena.search_path(search.as_bytes(), path.map(str::as_bytes))?;
        assert!(arena.search_path(b"", Some(b"")).is_none(), "there is room for one");
        Some(String::from_utf8(text.to_vec()).expect("a text"))
    }

    #[test]
    fn folders_stand_in_front_of_the_search_path_once() {
        assert_eq!(joined("/a:/b", Some("/usr/bin")).as_deref(), Some("PATH=/a:/b:/usr/bin\0"));
        assert_eq!(joined("/a:/b", Some("/a:/b:/usr/bin")).as_deref(), Some("PATH=/a:/b:/usr/bin\0"));
        assert_eq!(joined("/a:/b", Some("/a:/b")).as_deref(), Some("PATH=/a:/b\0"));
        assert_eq!(joined("/a", Some("/ab:/c")).as_deref(), Some("PATH=/a:/ab:/c\0"));
        assert_eq!(joined("", Some("/c")).as_deref(), Some("PATH=/c\0"));
        assert_eq!(joined("/a", None).as_deref(), Some("PATH=/a:/usr/local/bin:/usr/bin:/bin\0"));
        assert_eq!(joined(&"x".repeat(60), Some("/c")), None, "longer than the room that was asked for");
    }

    #[test]
    fn a_program_inherits_the_variables_that_it_is_not_given() {
        let mut started = StartedWith::new(&["node"], &["PATH=/bin", "MODE=old", "HOME=/root", "MOD=kept", "ODD"]);
        let start = started.start();
        let mut arena = Arena::for_environment(&start, 1, 2).expect("memory");
        let path = arena.search_path(b"/a", start.variable(b"PATH")).expect("room");
        arena.export(path);
        arena.export(b"MODE=new\0");
        arena.export(b"no zero byte ends this");
        arena.inherit(&start);
        assert_eq!(texts(arena.finish()), ["PATH=/a:/bin", "MODE=new", "HOME=/root", "MOD=kept", "ODD"]);
    }

    #[test]
    fn the_own_name_gives_way_to_the_words_in_front() {
        let mut started = StartedWith::new(&["node", "-e", "0"], &[]);
        let start = started.start();
        let mut arena = Arena::for_arguments(&start).expect("memory");
        for word in ["vx\0", "x\0", "--shim\0", "node\0", "--\0"] {
            arena.export(word.as_bytes());
        }
        arena.arguments_after_own(&start);
        assert_eq!(texts(arena.finish()), ["vx", "x", "--shim", "node", "--", "-e", "0"]);
    }

    #[test]
    fn memory_at_hand_is_taken_once_and_only_if_it_is_enough() {
        let memory = AtHand { bytes: UnsafeCell::new([0; AT_HAND_BYTES]), taken: AtomicBool::new(false) };
        assert_eq!(memory.claim(AT_HAND_BYTES + 1), None);
        assert!(memory.claim(AT_HAND_BYTES).is_some_and(|base| base.cast::<*const c_char>().is_aligned()));
        assert_eq!(memory.claim(1), None);
        assert!(Arena::new(AT_HAND_BYTES, 0).is_some(), "a large environment has memory of its own");
    }

    #[test]
    fn a_full_table_keeps_its_end() {
        let mut arena = Arena::new(3, 0).expect("memory");
        for word in ["one\0", "two\0", "three\0"] {
            arena.export(word.as_bytes());
        }
        assert_eq!(texts(arena.finish()), ["one", "two"]);
    }
}
