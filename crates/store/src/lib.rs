//! Installing: download, verify, unpack, activate; and the store.
//!
//! [`install`] is the whole install. Its caller provides a configuration and a reporter; the installer knows no board
//! and starts no process. `pipeline` has the order of the steps; the other files are its parts, lowest first:
//!
//! | | |
//! |---|---|
//! | `cancel`, `disk`, `room`, `sync` | stopping an install, file system errors, reserving space, syncing |
//! | `folder`, `staging`, `store`, `receipt`, `manifest` | making and keeping a release, its receipt, its list of files |
//! | `recipe` | everything that determines the content of a release, so that the same release isn't made twice |
//! | `settle` | checks a release that was activated before its bytes were on the disk |
//! | `lock` | one process installs a release, the others wait and show its progress |
//! | `download` | bytes from cache and network: resumed, retried, digested, cached |
//! | `unpack` | unpacks bytes that aren't verified yet into a directory |
//! | `shipped` | the programs that a package itself declares, once it is unpacked |
//! | `programs`, `native`, `trial` | programs in `bin/`; what native programs need of the machine; the trial start |
//! | `leftovers` | leftovers of dead processes |
//! | `archives` | whole archives in the cache |
//! | `fetch` | gets one archive into the cache, for a lock file |
//! | `progress` | one bar over all archives of a release |
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod cancel;
pub mod config;
mod disk;
mod download;
mod error;
mod fetch;
mod lock;
mod pipeline;
mod progress;
mod release;
pub mod report;
mod reserved_space;
mod store;
mod unpack;

pub use cancel::{CancelToken, InstallStop};
pub use disk::DiskError;
pub use download::{DownloadError, DownloadErrorKind, Patience};
pub use error::{CommandFault, InstallError};
pub use fetch::fetch;
pub use lock::needed_tool::{NeedError, NeededToolState};
pub use lock::{LockHolder, LockWaitError};
pub use pipeline::{Hooks, InstallOutcome, PostInstall, install};
pub use release::manifest::{Manifest, ManifestCheckDepth, ManifestDifference};
pub use release::native::{NativeError, NativeFault};
pub use release::programs::ProvidedProgramError;
pub use release::receipt::{Receipt, ReceiptProgram};
pub use release::shipped::MetadataError;
pub use release::staging::{has_abandoned_staging, sweep};
pub use release::trial::{Trial, TrialEnd};
pub use store::archives::{cached_archives, is_damaged, remove_damaged};
pub use store::folder::tool_of;
pub use store::leftovers::{Leftover, LeftoverKind, leftovers, remove_leftover};
pub use store::recipe::instructions;
pub use store::{RemoveError, Store, StoreEntry, StoreNameError};
pub use unpack::{UnpackError, UnpackErrorKind};
