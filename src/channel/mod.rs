//! Between parent and child: the configuration goes in once through a pipe, progress comes back over the board.

mod connect;
mod messages;
mod name;
mod pipe;

pub use connect::{ConnectError, claim_slot};
pub use messages::{ChannelError, InstallChannelChild, InstallChannelParent, Progress};
pub use name::{BadName, ChannelName, board_file_name, free_board_path};
pub use pipe::{ConfigError, MAX_DOCUMENT_BYTES, PATIENCE, encode, receive};
