//! One install: download, verify, unpack, activate; and the store.
//!
//! [`install`] does all of it, for whoever gives it a configuration and a reporter: it knows no board and starts no
//! process. `pipeline` tells the whole story; the other files are what it needs, lowest first:
//!
//! | | |
//! |---|---|
//! | `cancel`, `disk`, `file_lock`, `room`, `sync` | being told to stop, being refused by the file system, locks, syncing |
//! | `staging`, `store`, `receipt`, `manifest` | where a release is made, where it is kept, what it says about itself |
//! | `recipe` | what decides what is in a release, so that the same is not made twice |
//! | `settle` | whether a release survived whose bytes were not waited for |
//! | `lock` | one process installs a release, the others wait and watch |
//! | `download` | bytes from cache and network: resumed, retried, digested, kept |
//! | `unpack` | bytes into a directory, trusting none of them |
//! | `programs` | what people type, in `bin/` |
//! | `leftovers` | what dead processes left behind |
//! | `fetch` | one archive into the cache, for a lock file |
//! | `progress` | one bar over all archives of a release |

mod cancel;
mod disk;
mod download;
mod error;
mod fetch;
mod file_lock;
mod leftovers;
mod lock;
mod manifest;
mod need;
mod pipeline;
mod programs;
mod progress;
mod receipt;
mod recipe;
mod room;
mod settle;
mod staging;
mod store;
mod sync;
mod unpack;

pub use cancel::{CancelToken, Stop};
pub use disk::DiskError;
pub use download::{DownloadError, DownloadErrorKind, Patience, shown_address};
pub use error::InstallError;
pub use fetch::fetch;
pub use leftovers::{Leftover, LeftoverKind, leftovers, remove_leftover};
pub use lock::{Holder, HolderProgress, WaitError};
pub use manifest::{Change, Depth, Manifest};
pub use need::{Need, NeedError};
pub use pipeline::{Hooks, Installed, PostInstall, install};
pub use programs::ProgramError;
pub use receipt::{Receipt, ReceiptPart, ReceiptProgram};
pub use staging::sweep;
pub use store::{BadName, Release, RemoveError, Store};
pub use unpack::{Damage, Inflated, Inflater, UnpackError, UnpackErrorKind, gunzip};
