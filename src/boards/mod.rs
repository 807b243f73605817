//! Everything that is done with existing boards: finding them, requests to their work, waiting, following, replay,
//! exports.

#[cfg(feature = "control")]
pub mod control;
#[cfg(not(feature = "control"))]
#[path = "control/absent.rs"]
pub mod control;
pub mod exports;
pub mod find;
pub mod follow;
pub mod logs;
pub mod recordings;
pub mod replay;
pub mod rings;
pub mod waiting;
