use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::*;

fn terminated(path: &Path) -> Vec<u8> {
    [path.as_os_str().as_bytes(), b"\0"].concat()
}

#[test]
fn directory_and_own_path_are_those_that_the_system_names() {
    let (mut directory, mut own) = ([0; 4096], [0; 4096]);
    let expected = [std::env::current_dir(), std::env::current_exe()].map(|path| path.expect("a path"));
    assert_eq!(working_directory(&mut directory), Some(expected[0].as_os_str().as_bytes()));
    assert_eq!(own_path(&mut own), Some(expected[1].as_os_str().as_bytes()));
}

#[test]
fn paths_that_do_not_fit_are_none() {
    assert_eq!(working_directory(&mut [0; 1]), None);
    assert_eq!(own_path(&mut [0; 1]), None, "the kernel cuts it without an error");
}

#[test]
fn a_stamp_has_what_the_standard_library_reads() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("vx.toml");
    assert_eq!(stamp(&terminated(&file)), None, "it is not there");
    std::fs::write(&file, "[tools]\n").expect("a file");
    let data = std::fs::metadata(&file).expect("it is there");
    let [device, inode, size, modified, changed] = stamp(&terminated(&file)).expect("it is there");
    let time = |seconds: i64, nanoseconds: i64| (seconds * 1_000_000_000 + nanoseconds) as u64;
    assert_eq!((inode, size), (data.ino(), 8));
    assert_eq!((modified, changed), (time(data.mtime(), data.mtime_nsec()), time(data.ctime(), data.ctime_nsec())));
    let other = stamp(b"/proc/self/exe\0").expect("it is there");
    assert_ne!(other, [device, inode, size, modified, changed]);
    assert_eq!(stamp(file.as_os_str().as_bytes()), None, "no zero byte ends it");
}

#[test]
fn one_file_is_read_and_no_second_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("route");
    std::fs::write(&file, "some bytes").expect("a file");
    assert_eq!(read(file.as_os_str().as_bytes()), None, "no zero byte ends it");
    assert_eq!(read(&terminated(&file)), Some(&b"some bytes"[..]));
    assert_eq!(read(&terminated(&file)), None);
}

#[test]
fn a_program_that_is_not_there_takes_no_place() {
    let mut start = StartedWith::new(&["sh"], &[]);
    let start = start.start();
    replace(c"/no/such/program", start.arguments(), start.environment());
}

/// The memory that the kernel would leave to a program with these arguments and variables.
pub(super) struct StartedWith {
    _texts: Vec<CString>,
    words: Vec<usize>,
}

impl StartedWith {
    pub(super) fn new(arguments: &[&str], variables: &[&str]) -> Self {
        let texts: Vec<CString> =
            arguments.iter().chain(variables).map(|text| CString::new(*text).expect("no zero byte")).collect();
        let mut words = vec![arguments.len()];
        words.extend(texts[..arguments.len()].iter().map(|text| text.as_ptr() as usize));
        words.push(0);
        words.extend(texts[arguments.len()..].iter().map(|text| text.as_ptr() as usize));
        // Behind the variables the kernel's own words, in pairs: here the size of a page, and the end.
        words.extend([0, 6, 4096, 0, 0]);
        Self { _texts: texts, words }
    }

    /// The same for a program that was started by this path.
    pub(super) fn by(path: &str, arguments: &[&str], variables: &[&str]) -> Self {
        let mut started = Self::new(arguments, variables);
        let path = CString::new(path).expect("no zero byte");
        let end = started.words.len() - 2;
        started.words.splice(end..end, [31, path.as_ptr() as usize]);
        started._texts.push(path);
        started
    }

    pub(super) fn start(&mut self) -> ProcessStartup {
        // SAFETY: `new` has laid the words out so; they and the texts live as long as this value, and no test keeps the
        // start longer.
        unsafe { ProcessStartup::from_stack(self.words.as_mut_ptr()) }
    }
}

/// The texts of a table.
pub(super) fn texts(table: CStringTable<'_>) -> Vec<String> {
    let first = table.address() as *const *const core::ffi::c_char;
    (0..)
        .map_while(|at| {
            // SAFETY: a null pointer ends the table, where the iteration ends.
            let text = unsafe { *first.add(at) };
            // SAFETY: the pointers before it are to texts that end in a zero byte.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("a text").to_owned())
        })
        .collect()
}
