//! The connection of parent and child: the configuration is sent once through a pipe, and progress is read from the
//! board.
//!
//! The supervisor of a run reads one board for all its tools, so it uses [`InstallChannel`] alone. Programs that embed vx
//! for a single install, and handle its progress as messages, have [`InstallChannelParent`] and
//! [`InstallChannelChild::report`]:
//!
//! ```
//! use vx_run::channel::{InstallChannelChild, InstallChannelParent, Progress};
//!
//! let directory = tempfile::tempdir()?;
//! let mut parent = InstallChannelParent::new(directory.path(), "node", "22.1.0")?;
//! // The child, another process as a rule, gets the channel's name as an argument.
//! let child = InstallChannelChild::connect(&parent.name(), directory.path())?;
//! let child = child.report(Progress::Extracting { percent: Some(50.0) }).expect("more may follow");
//! let end = Progress::Completed { version: "22.1.0".into(), install_path: None, skipped: false };
//! assert!(child.report(end).is_none(), "the last message uses up the channel");
//! parent.child_ended(Some(0), None);
//!
//! let mut messages = Vec::new();
//! while !parent.over() {
//!     messages.extend(parent.try_progress()?);
//! }
//! assert!(matches!(messages[..], [Progress::Started { .. }, .., Progress::Completed { .. }]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod child;
mod child_error;
mod connect;
mod error;
mod install_channel;
mod key;
mod mark;
mod name;
mod parent;
mod pipe;
mod service;

pub use child::InstallChannelChild;
pub use child_error::{ChildCause, ChildError, ChildPurpose};
pub use connect::ConnectError;
pub use error::ChannelError;
pub use install_channel::InstallChannel;
pub use key::slot_key;
pub use mark::Mark;
pub use name::{
    InvalidChannelName, NotABoard, board_file_name, earlier_board_file_name, free_board_path, is_on_unnamed_board,
    process_of_board,
};
pub use parent::InstallChannelParent;
pub use pipe::{ConfigError, PATIENCE};
pub use service::{ServiceChannel, ServiceChannelChild};
/// The six messages of an install's progress, with the names and fields of the JSON events.
pub use vx_status::events::ToolEvent as Progress;
