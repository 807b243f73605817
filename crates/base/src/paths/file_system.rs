//! The kind of file system a directory is on, as far as it matters to vx.

use std::path::Path;

/// The kind of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystemKind {
    /// In memory: nothing is written back to a disk.
    Memory,
    /// On a disk of this machine.
    Disk,
    /// On another machine.
    Network,
    /// On a disk, without hard links.
    OneName,
    /// The system does not report it, or vx does not know it.
    Unknown,
}

impl FileSystemKind {
    /// The kind that this directory is on.
    #[cfg(target_os = "linux")]
    pub fn detect(path: &Path) -> Self {
        // The type of `f_type` differs between systems; the magic numbers fit into 32 bits.
        rustix::fs::statfs(path).map_or(Self::Unknown, |found| Self::of_magic(found.f_type as u32))
    }

    /// The kind that this directory is on.
    #[cfg(not(target_os = "linux"))]
    pub fn detect(_: &Path) -> Self {
        Self::Unknown
    }

    /// The kind for a magic number of `statfs`.
    #[cfg(target_os = "linux")]
    const fn of_magic(magic: u32) -> Self {
        match magic {
            // tmpfs, ramfs, hugetlbfs.
            0x0102_1994 | 0x8584_58f6 | 0x9584_58f6 => Self::Memory,
            // ext2 to ext4, xfs, btrfs, f2fs, zfs, bcachefs, overlayfs, jfs, reiserfs, ntfs, nilfs.
            0xef53 | 0x5846_5342 | 0x9123_683e | 0xf2f5_2010 | 0x2fc1_2fc1 | 0xca45_1a4e | 0x794c_7630
            | 0x3153_464a | 0x5265_4973 | 0x5346_544e | 0x3434 => Self::Disk,
            // nfs, smb, cifs, smb2, afs, ceph, 9p.
            0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x5346_414f | 0x00c3_6400 | 0x0102_1997 => Self::Network,
            // fat, exfat.
            0x4d44 | 0x2011_bab0 => Self::OneName,
            _ => Self::Unknown,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_disks_and_file_systems_without_second_names_are_distinguished() {
        assert_eq!(FileSystemKind::of_magic(0x9fa0), FileSystemKind::Unknown);
        let top = tempfile::tempdir().expect("a directory");
        assert_eq!(FileSystemKind::detect(&top.path().join("nothing")), FileSystemKind::Unknown);
        if Path::new("/dev/shm").is_dir() {
            assert_eq!(FileSystemKind::detect(Path::new("/dev/shm")), FileSystemKind::Memory);
        }
        assert_eq!(FileSystemKind::of_magic(0x4d44), FileSystemKind::OneName);
        assert_eq!(FileSystemKind::of_magic(0xef53), FileSystemKind::Disk);
    }
}
