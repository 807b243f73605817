//! The arguments and the environment that the kernel started the program with.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

/// Kinds of entries in the kernel's auxiliary vector, behind the environment: its end, and the program's path.
const TOLD_END: usize = 0;
const TOLD_PATH: usize = 31;

/// A program that starts without a C library.
pub trait FreestandingProgram {
    /// The whole of the program.
    fn run(start: &ProcessStartup) -> !;
}

/// The beginning of a program. Its entry point jumps here, with the stack pointer as the argument.
///
/// # Safety
/// `stack` is the stack pointer as the kernel set it, and nothing else has read or changed what it points to.
pub unsafe extern "C" fn begin<P: FreestandingProgram>(stack: *mut usize) -> ! {
    // SAFETY: the caller promises what the kernel leaves there: the count of arguments, as many pointers to texts that
    // end in a zero byte, a null pointer, pointers to the variables, a null pointer, and pairs of words up to one of
    // kind 0; all of it for as long as the program runs.
    let start = unsafe { ProcessStartup::from_stack(stack) };
    P::run(&start)
}

/// The program's arguments and environment, in memory that lasts as long as the program.
pub struct ProcessStartup {
    count: usize,
    arguments: *mut *const c_char,
    environment: *mut *const c_char,
}

/// Pointers to texts that each end in a zero byte, ended by a null pointer: arguments or an environment for the kernel.
#[derive(Clone, Copy)]
pub struct CStringTable<'a> {
    first: *const *const c_char,
    texts: PhantomData<&'a CStr>,
}

impl CStringTable<'_> {
    /// The table that begins here.
    ///
    /// # Safety
    /// A null pointer ends it; all pointers before that are to texts that end in a zero byte and outlive this value.
    pub(super) unsafe fn from_pointer(first: *const *const c_char) -> Self {
        Self { first, texts: PhantomData }
    }

    pub(super) fn address(self) -> usize {
        self.first as usize
    }
}

impl ProcessStartup {
    /// Take the arguments and variables from the stack that the kernel has prepared.
    ///
    /// # Safety
    /// Writable memory begins at `stack` and holds the count of arguments, as many pointers to texts that end in a zero
    /// byte, a null pointer, pointers to such texts with the variables, a null pointer, and pairs of words of which the
    /// last begins with 0 and those that begin with 31 have the address of such a text. All of that outlives this
    /// value, and only this value uses the pointers.
    pub(super) unsafe fn from_stack(stack: *mut usize) -> Self {
        // SAFETY: the count lies here, as the caller promises.
        let count = unsafe { *stack };
        // SAFETY: the first table follows the count within the same memory.
        let arguments = unsafe { stack.add(1) }.cast::<*const c_char>();
        // SAFETY: the second table follows the first, which holds `count` pointers and a null pointer.
        let environment = unsafe { arguments.add(count + 1) };
        Self { count, arguments, environment }
    }

    /// The number of arguments, including the program's name.
    pub fn count(&self) -> usize {
        self.count
    }

    /// An argument by its index; 0 is the program's name.
    pub fn argument(&self, at: usize) -> Option<&CStr> {
        if at >= self.count {
            return None;
        }
        // SAFETY: the table has a pointer for each argument below the count.
        let text = unsafe { *self.arguments.add(at) };
        // SAFETY: a text that ends in a zero byte and lives as long as this value, as `from_stack` requires; or the
        // `first` of `with_arguments_from`.
        Some(unsafe { CStr::from_ptr(text) })
    }

    /// Call `replace` with the arguments from index `at` on, the first of them replaced by `first`. When `replace`
    /// returns, the original argument is restored: the next program to be tried needs it.
    pub fn with_arguments_from(&self, at: usize, first: &'static CStr, replace: impl FnOnce(CStringTable<'_>)) {
        if at >= self.count {
            return replace(self.arguments());
        }
        // SAFETY: the table has a place for each argument below the count.
        let from = unsafe { self.arguments.add(at) };
        // SAFETY: that place is readable and writable, and no reference to it is ever made: `argument` copies the
        // pointer out.
        let argument = unsafe { from.replace(first.as_ptr()) };
        // SAFETY: from this place on the table is as the kernel left it, but for `first`, which lives for ever.
        replace(unsafe { CStringTable::from_pointer(from) });
        // SAFETY: as above.
        unsafe { *from = argument };
    }

    /// The path by which the kernel was asked to run this program, if it is absolute. If that was a link, it is the
    /// path of the link.
    pub fn path(&self) -> Option<&[u8]> {
        // SAFETY: the auxiliary vector, which is made of pairs of words, follows the null pointer behind the variables.
        let mut told = unsafe { self.environment.add(self.pointers().count() + 1) }.cast::<usize>();
        loop {
            // SAFETY: the pair is in the table, which ends in a pair whose first word is `TOLD_END`.
            let (kind, word) = unsafe { (*told, *told.add(1)) };
            match kind {
                TOLD_END => return None,
                TOLD_PATH => {
                    // SAFETY: the kernel's word of this kind is the address of a text that ends in a zero byte and
                    // lives as long as the program.
                    let path = unsafe { CStr::from_ptr(word as *const c_char) }.to_bytes();
                    return path.starts_with(b"/").then_some(path);
                }
                // SAFETY: this pair is not the last one.
                _ => told = unsafe { told.add(2) },
            }
        }
    }

    /// The arguments as they are.
    pub fn arguments(&self) -> CStringTable<'_> {
        // SAFETY: the table ends in a null pointer, and its texts live as long as this value.
        unsafe { CStringTable::from_pointer(self.arguments) }
    }

    /// The environment as it is.
    pub fn environment(&self) -> CStringTable<'_> {
        // SAFETY: as for the arguments.
        unsafe { CStringTable::from_pointer(self.environment) }
    }

    /// The value of a variable.
    ///
    /// Texts are compared byte by byte, since looking for the ends of all of them takes most of the instructions of a
    /// launch.
    pub fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.pointers().find_map(|text| {
            let is_next = |(at, byte): (usize, &u8)| {
                // SAFETY: all bytes before this one are those of the name and not zero, so the text, which ends in a
                // zero byte, reaches at least to this byte.
                *byte != 0 && unsafe { text.cast::<u8>().add(at).read() } == *byte
            };
            if !name.iter().chain(b"=").enumerate().all(is_next) {
                return None;
            }
            // SAFETY: the text begins with the name and `=`, and ends in a zero byte behind them. It lives as long as
            // `self`.
            Some(unsafe { CStr::from_ptr(text.add(name.len() + 1)) }.to_bytes())
        })
    }

    /// The variables, each `NAME=VALUE`.
    pub(super) fn variables(&self) -> impl Iterator<Item = &CStr> {
        // SAFETY: the pointers are to texts that end in a zero byte and live as long as `self`.
        self.pointers().map(|text| unsafe { CStr::from_ptr(text) })
    }

    /// The pointers of the environment, each to a text that ends in a zero byte and lives as long as `self`.
    fn pointers(&self) -> impl Iterator<Item = *const c_char> {
        (0..).map_while(|at| {
            // SAFETY: the table ends in a null pointer, where the iteration ends.
            let text = unsafe { *self.environment.add(at) };
            (!text.is_null()).then_some(text)
        })
    }
}

/// The value, if this `NAME=VALUE` has this name.
pub(super) fn value_of<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{StartedWith, texts};

    #[test]
    fn arguments_and_variables_are_found_where_the_kernel_puts_them() {
        let mut started =
            StartedWith::new(&["node", "-e", "0"], &["HOME=/root", "PATHS=no", "PATH=/bin", "EMPTY=", "ODD"]);
        let start = started.start();
        assert_eq!(start.count(), 3);
        assert_eq!((start.argument(0), start.argument(2), start.argument(3)), (Some(c"node"), Some(c"0"), None));
        assert_eq!(start.variable(b"PATH"), Some(&b"/bin"[..]));
        assert_eq!(start.variable(b"EMPTY"), Some(&b""[..]));
        assert_eq!((start.variable(b"ODD"), start.variable(b"HOM"), start.variable(b"USER")), (None, None, None));
        assert_eq!(
            (start.variable(b"HOME=/root\0P"), start.variable(b"PATHSS"), start.variable(b"")),
            (None, None, None)
        );
        assert_eq!(texts(start.arguments()), ["node", "-e", "0"]);
        assert_eq!(texts(start.environment()), ["HOME=/root", "PATHS=no", "PATH=/bin", "EMPTY=", "ODD"]);
    }

    #[test]
    fn the_own_path_is_the_one_that_the_kernel_was_given() {
        let path = |given: &str| StartedWith::by(given, &["node"], &["HOME=/root"]).start().path().map(<[u8]>::to_vec);
        assert_eq!(path("/home/user/.vx/shims/node"), Some(b"/home/user/.vx/shims/node".to_vec()));
        assert_eq!(path("shims/node"), None, "it depends on a directory");
        assert_eq!(StartedWith::new(&["node"], &[]).start().path(), None, "the kernel has not said it");
    }

    #[test]
    fn a_tool_is_given_the_arguments_behind_its_name() {
        let mut started = StartedWith::new(&["vx", "node", "-e"], &[]);
        let start = started.start();
        start.with_arguments_from(1, c"/store/node", |table| assert_eq!(texts(table), ["/store/node", "-e"]));
        start.with_arguments_from(0, c"/store/vx", |table| assert_eq!(texts(table), ["/store/vx", "node", "-e"]));
        assert_eq!(texts(start.arguments()), ["vx", "node", "-e"], "nothing was replaced");
    }

    #[test]
    fn a_program_may_be_started_without_arguments() {
        let mut started = StartedWith::new(&[], &["HOME=/root"]);
        let start = started.start();
        assert_eq!((start.count(), start.argument(0)), (0, None));
        start.with_arguments_from(0, c"/store/node", |table| assert_eq!(texts(table), [""; 0]));
        assert_eq!(start.variable(b"HOME"), Some(&b"/root"[..]));
    }
}
