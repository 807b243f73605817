//! Checks releases that were activated before their bytes were on the disk, after the next boot.
//!
//! Waiting for the disk takes as long as the rest of an install. So a release is activated before its bytes are on the
//! disk, and its receipt names the boot in which that happened. During that boot nothing can be lost. The first vx that
//! finds the receipt in a later boot compares every file with the manifest, once. A release that lost data in a power
//! failure counts as not installed, whatever form the file system gave the loss.
//!
//! A file that was deliberately changed later is not a loss. Its modification time tells the two apart.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use vx_base::system::identity::boot;

use crate::release::manifest::{Manifest, ManifestCheckDepth, ManifestDifference};
use crate::release::receipt::Receipt;

/// Resolution of the time in receipts.
const RECEIPT_GRAIN: Duration = Duration::from_secs(1);

/// A path whose times differ in each boot: the directory of processes is created again.
pub(crate) const CHANGES_EACH_BOOT: &str = "/proc";

/// Return the release's receipt if the release is whole, as far as its files show; `None` if data was lost.
pub(crate) fn settled(release: &Path, receipt: Receipt) -> Option<Receipt> {
    if is_settled(&receipt) { Some(receipt) } else { verify_all(release) }
}

/// Whether the receipt proves that nothing was lost.
fn is_settled(receipt: &Receipt) -> bool {
    receipt.unsynced_boot.as_deref().is_none_or(|made_in| Some(made_in) == boot())
}

fn verify_all(release: &Path) -> Option<Receipt> {
    // One process checks at a time; the others wait and then read its result. If the directory can't be locked, each
    // process checks for itself.
    let _turn = File::open(release).and_then(|directory| directory.lock().map(|()| directory));
    let receipt = Receipt::read(release)?;
    if is_settled(&receipt) {
        return Some(receipt);
    }
    let manifest = Manifest::read(release, receipt.contents.as_ref()?)?;
    if !nothing_lost(release, &manifest, &receipt) {
        return None;
    }
    let settled = confirmed(receipt.clone());
    // Another install may have replaced this release and its receipt meanwhile.
    if Receipt::read(release).as_ref() == Some(&receipt) {
        // If the store is read-only, the next process checks again.
        let _ = settled.replace(release);
    }
    Some(settled)
}

/// Mark the receipt of a release whose bytes are known to be on the disk.
fn confirmed(receipt: Receipt) -> Receipt {
    let mut settled = receipt;
    settled.unsynced_boot = None;
    settled
}

fn nothing_lost(release: &Path, manifest: &Manifest, receipt: &Receipt) -> bool {
    let made = SystemTime::from(receipt.installed_at) + RECEIPT_GRAIN;
    let changed_later = |path: &Path| {
        let time = fs::symlink_metadata(path).and_then(|data| data.modified());
        time.is_ok_and(|time| time > made)
    };
    // Removing a file changes its folder's time.
    let removed_later =
        |path: &Path| path.ancestors().skip(1).find(|folder| folder.is_dir()).is_some_and(changed_later);
    let Ok(changes) = manifest.changes(release, ManifestCheckDepth::Contents) else { return false };
    changes.iter().all(|(path, change)| match change {
        ManifestDifference::Added | ManifestDifference::Privileged => true,
        ManifestDifference::Unreadable(_) => false,
        ManifestDifference::Missing => removed_later(&release.join(path)),
        ManifestDifference::OtherKind | ManifestDifference::Content | ManifestDifference::NotExecutable => {
            changed_later(&release.join(path))
        }
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::release::manifest::tests::release;
    use crate::release::receipt::tests::example;

    /// Make a release of an earlier boot, apply a change to it, and check it.
    fn after(happened: impl Fn(&Path)) -> (Option<Receipt>, Option<Receipt>) {
        let (top, manifest) = release();
        let contents = manifest.write(top.path()).expect("a manifest");
        let mut receipt = example("tool", "1.0.0");
        receipt.contents = Some(contents);
        receipt.unsynced_boot = Some("another".into());
        receipt.write(top.path()).expect("a receipt");
        happened(top.path());
        (settled(top.path(), receipt), Receipt::read(top.path()))
    }

    /// Change a file as a power failure would: its modification time stays.
    fn lose(release: &Path, path: &str, left: &[u8]) {
        let path = release.join(path);
        let time = fs::metadata(&path).and_then(|data| data.modified()).expect("a time");
        fs::write(&path, left).expect("a file");
        fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("its time");
    }

    #[test]
    fn a_whole_release_is_looked_at_once_and_then_trusted() {
        let (found, kept) = after(|_| {});
        assert!(found.as_ref().is_some_and(|receipt| receipt.unsynced_boot.is_none()));
        assert_eq!(found, kept);
    }

    #[test]
    fn what_a_loss_of_power_took_is_seen() {
        assert_eq!(after(|release| lose(release, "bin/tool", b"")).0, None, "a file lost its end");
        assert_eq!(after(|release| lose(release, "bin/tool", &[0; 7])).0, None, "zeros in place of a file's bytes");
        let lose_name = |release: &Path| {
            let time = fs::metadata(release).and_then(|data| data.modified()).expect("a time");
            fs::remove_file(release.join("link")).expect("it goes");
            File::open(release).and_then(|folder| folder.set_modified(time)).expect("its time");
        };
        assert_eq!(after(lose_name).0, None, "a name is lost");
        assert_eq!(after(|release| lose(release, ".vx-files", b"")).0, None, "the manifest lost its end");
    }

    #[test]
    fn what_somebody_changed_later_is_no_loss() {
        let later = |release: &Path| {
            fs::write(release.join("added"), "by a package manager").expect("a file");
            let path = release.join("bin/tool");
            fs::write(&path, "edited").expect("a file");
            let file = fs::File::options().write(true).open(&path).expect("a file");
            let time = SystemTime::now() + Duration::from_secs(60);
            file.set_modified(time).expect("its time");
            fs::remove_file(release.join("link")).expect("it goes");
            File::open(release).and_then(|folder| folder.set_modified(time)).expect("its time");
        };
        assert!(after(later).0.is_some());
    }

    #[test]
    fn who_comes_while_another_looks_waits_and_takes_what_that_one_found() {
        let (top, manifest) = release();
        let contents = manifest.write(top.path()).expect("a manifest");
        let mut before = example("tool", "1.0.0");
        (before.contents, before.unsynced_boot) = (Some(contents), Some("another".into()));
        before.write(top.path()).expect("a receipt");
        let looking = File::open(top.path()).expect("a directory");
        looking.lock().expect("a lock");
        let (release, found) = (top.path().to_owned(), confirmed(before.clone()));
        // A second check of the files would now fail.
        lose(top.path(), "bin/tool", b"");
        let waiting = std::thread::spawn(move || settled(&release, before));
        std::thread::sleep(Duration::from_millis(50));
        found.replace(top.path()).expect("a receipt");
        drop(looking);
        assert_eq!(waiting.join().expect("no panic"), Some(found));
    }

    #[test]
    fn in_the_same_run_of_the_machine_nothing_is_read() {
        let mut receipt = example("tool", "1.0.0");
        receipt.unsynced_boot = boot().map(str::to_owned);
        assert!(receipt.unsynced_boot.is_some());
        assert_eq!(settled(Path::new("nowhere"), receipt.clone()), Some(receipt));
    }
}
