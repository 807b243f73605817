//! Reserving space for a large file before its content arrives.
//!
//! ext4 then allocates all blocks of the file at once instead of doing the accounting at each write, which makes a
//! whole install 4 % faster. Other file systems are left alone: XFS shows no difference, and btrfs is slower.

use std::fs::File;
use std::io;

/// Reserve space for a file of this size; its length stays unchanged.
///
/// If there's no space, the later write fails. [`give_back`] frees the unused rest.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, size_bytes: u64) {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};

    /// `EXT4_SUPER_MAGIC` of `linux/magic.h`.
    const EXT4: u64 = 0xEF53;
    /// Below this size, the reservation costs more than it saves.
    const LARGE_BYTES: u64 = 256 * 1024;
    if size_bytes < LARGE_BYTES || !fstatfs(file).is_ok_and(|system| system.f_type as u64 == EXT4) {
        return;
    }
    if fallocate(file, FallocateFlags::KEEP_SIZE, 0, size_bytes).is_err() {
        // The reservation may have succeeded in part.
        let _ = give_back(file);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File, _: u64) {}

/// Free the space reserved beyond the end of a file.
pub(super) fn give_back(file: &File) -> io::Result<()> {
    file.set_len(file.metadata()?.len())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_does_not_show_in_the_length_and_goes_when_it_is_given_back() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"abc").expect("written");
        reserve(&file, 1 << 20);
        let told = file.metadata().expect("a file");
        assert_eq!(told.len(), 3);
        // File systems other than ext4 reserve nothing.
        assert!(told.blocks() >= 2048 || told.blocks() < 256, "{}", told.blocks());
        give_back(&file).expect("given back");
        let told = file.metadata().expect("a file");
        assert!(told.len() == 3 && told.blocks() < 256, "{}", told.blocks());
    }
}
