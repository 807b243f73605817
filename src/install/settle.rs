//! A release whose bytes were not waited for: is it still what it was, after the machine was started again?
//!
//! Waiting for the disk takes as long as everything else of an install. So a release is activated before its bytes are
//! on the disk, and its receipt says in which run of the machine that was. While that run lasts, nothing can be lost.
//! Whoever finds the receipt in a later one compares every file with the manifest, once: what a loss of power took is
//! seen, whatever the file system made of it, and such a release counts as not installed.
//!
//! What somebody changed later on purpose is no loss: it is told by its time.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::manifest::{Change, Depth, Manifest};
use super::receipt::Receipt;

/// Receipts tell their time in whole seconds.
const RECEIPT_GRAIN: Duration = Duration::from_secs(1);

/// The name of this run of the machine, where it has one.
static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
    let name = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
});

/// What is another one in each run of the machine, by its times: the directory of processes is made anew.
pub(super) const ANEW_IN_EACH_RUN: &str = "/proc";

/// The name of this run of the machine; none where the system gives it none.
pub(super) fn boot() -> Option<&'static str> {
    BOOT.as_deref()
}

/// The receipt of a release that is whole, by what is left of it; none when something was lost.
pub(super) fn settled(release: &Path, receipt: Receipt) -> Option<Receipt> {
    match receipt.unsynced_boot.as_deref() {
        None => Some(receipt),
        made_in if made_in == boot() => Some(receipt),
        Some(_) => {
            let whole = receipt.contents.as_ref().is_some_and(|contents| {
                let manifest = Manifest::read(release, contents);
                manifest.is_some_and(|manifest| nothing_lost(release, &manifest, &receipt))
            });
            whole.then(|| {
                let mut settled = receipt;
                settled.unsynced_boot = None;
                // In a store that cannot be written, the next one looks again.
                let _ = settled.replace(release);
                settled
            })
        }
    }
}

fn nothing_lost(release: &Path, manifest: &Manifest, receipt: &Receipt) -> bool {
    let made = SystemTime::from(receipt.installed_at) + RECEIPT_GRAIN;
    let changed_later = |path: &str| {
        let time = fs::symlink_metadata(release.join(path)).and_then(|data| data.modified());
        time.is_ok_and(|time| time > made)
    };
    let Ok(changes) = manifest.changes(release, Depth::Contents) else { return false };
    changes.iter().all(|(path, change)| match change {
        Change::Added => true,
        Change::Missing | Change::Unreadable(_) => false,
        Change::OtherKind | Change::Content | Change::NotExecutable => changed_later(path),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::manifest::tests::release;
    use super::super::receipt::tests::example;
    use super::*;

    /// A release made in another run of the machine than this one, to which something happened since.
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

    /// Change a file as a loss of power would: nobody touched it, so its time stays.
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
        assert_eq!(after(|release| fs::remove_file(release.join("link")).expect("it goes")).0, None, "a name is lost");
        assert_eq!(after(|release| lose(release, ".vx-files", b"")).0, None, "the manifest lost its end");
    }

    #[test]
    fn what_somebody_changed_later_is_no_loss() {
        let later = |release: &Path| {
            fs::write(release.join("added"), "by a package manager").expect("a file");
            let path = release.join("bin/tool");
            fs::write(&path, "edited").expect("a file");
            let file = fs::File::options().write(true).open(&path).expect("a file");
            file.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("its time");
        };
        assert!(after(later).0.is_some());
    }

    #[test]
    fn in_the_same_run_of_the_machine_nothing_is_read() {
        let mut receipt = example("tool", "1.0.0");
        receipt.unsynced_boot = boot().map(str::to_owned);
        assert!(receipt.unsynced_boot.is_some());
        assert_eq!(settled(Path::new("nowhere"), receipt.clone()), Some(receipt));
    }
}
