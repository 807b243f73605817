//! Byte locks: one byte for each slot, one for the table, one for the creator.
//!
//! The bytes lie far behind the end of the file and are locked for an open file description, so that closing another
//! descriptor of the file frees nothing, and the death of the process frees all its locks. The system keeps the locks:
//! taking one costs 0.3 µs, and no process has to clean up after another.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// This byte is held while the table is changed, for microseconds.
pub(crate) const TABLE: i64 = 1 << 40;
/// The creator holds this byte as long as it has the board.
pub(crate) const CREATOR: i64 = TABLE + 1;
/// Longest wait for the table.
const TABLE_WAIT: Duration = Duration::from_secs(2);

/// A slot's writer holds this byte.
pub(crate) const fn slot_byte(slot: u32) -> i64 {
    TABLE + 16 + slot as i64
}

/// A request about a byte.
#[derive(Clone, Copy)]
enum ByteLockRequest {
    Lock,
    Unlock,
    Test,
}

/// Lock a byte if no other process has it. Also returns `Ok(true)` if the system has no such locks: then the control
/// word alone keeps the processes apart.
pub(crate) fn try_lock(file: &File, byte: i64) -> io::Result<bool> {
    match ask(file, ByteLockRequest::Lock, byte) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        // POSIX allows this in place of EAGAIN.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// Unlock a byte. This cannot fail if locking it did not.
pub(crate) fn unlock(file: &File, byte: i64) {
    let _ = ask(file, ByteLockRequest::Unlock, byte);
}

/// Whether another open file description holds the byte; `None` if that cannot be known.
pub(crate) fn held(file: &File, byte: i64) -> Option<bool> {
    ask(file, ByteLockRequest::Test, byte).ok()
}

/// The locked table: no other process reserves, claims or takes over a slot until this is dropped.
pub(crate) struct TableGuard<'a> {
    file: Option<&'a File>,
}

impl Drop for TableGuard<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file {
            unlock(file, TABLE);
        }
    }
}

/// Lock the table, waiting at most two seconds. The inner `Err` is the milliseconds waited when that was not enough.
pub(crate) fn lock_table(file: Option<&File>) -> io::Result<Result<TableGuard<'_>, u64>> {
    let Some(held_on) = file else { return Ok(Ok(TableGuard { file: None })) };
    let began = Instant::now();
    let mut pause = Duration::from_micros(20);
    while !try_lock(held_on, TABLE)? {
        if began.elapsed() > TABLE_WAIT {
            return Ok(Err(began.elapsed().as_millis() as u64));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(2));
    }
    Ok(Ok(TableGuard { file }))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn ask(file: &File, ask: ByteLockRequest, byte: i64) -> io::Result<bool> {
    const COMMANDS: (libc::c_int, libc::c_int) = (libc::F_OFD_SETLK, libc::F_OFD_GETLK);

    let (command, kind) = match ask {
        ByteLockRequest::Lock => (COMMANDS.0, libc::c_int::from(libc::F_WRLCK)),
        ByteLockRequest::Unlock => (COMMANDS.0, libc::c_int::from(libc::F_UNLCK)),
        ByteLockRequest::Test => (COMMANDS.1, libc::c_int::from(libc::F_WRLCK)),
    };
    let answer = super::byte_lock(file, command, kind, byte)?;
    Ok(answer != libc::c_int::from(libc::F_UNLCK))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn ask(_: &File, _: ByteLockRequest, _: i64) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn two_descriptions() -> (tempfile::NamedTempFile, File, File) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = || File::options().read(true).write(true).open(file.path()).unwrap();
        let (first, second) = (open(), open());
        (file, first, second)
    }

    #[test]
    fn a_byte_belongs_to_one_description_until_that_is_closed() {
        let (_file, first, second) = two_descriptions();
        assert!(try_lock(&first, slot_byte(3)).unwrap());
        assert!(!try_lock(&second, slot_byte(3)).unwrap());
        assert!(try_lock(&second, slot_byte(4)).unwrap());
        assert_eq!(held(&second, slot_byte(3)), Some(true));
        assert_eq!(held(&first, slot_byte(3)), Some(false), "one's own lock is not another's");
        drop(first);
        assert_eq!(held(&second, slot_byte(3)), Some(false));
    }

    #[test]
    fn a_read_only_descriptor_can_ask_and_cannot_lock() {
        let (file, first, _) = two_descriptions();
        let reader = File::open(file.path()).unwrap();
        assert!(try_lock(&first, CREATOR).unwrap());
        assert_eq!(held(&reader, CREATOR), Some(true));
        assert!(try_lock(&reader, TABLE).is_err());
    }

    #[test]
    fn a_table_that_stays_locked_is_given_up_on() {
        let (_file, first, second) = two_descriptions();
        let guard = lock_table(Some(&first)).unwrap();
        let waited = lock_table(Some(&second)).unwrap().err().expect("still locked");
        assert!(waited >= 2000);
        drop(guard);
        assert!(lock_table(Some(&second)).unwrap().is_ok());
    }
}
