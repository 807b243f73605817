//! Between parent and child: the configuration goes in once through a pipe, progress comes back over the board.

mod connect;
mod name;
mod pipe;

pub use connect::{ConnectError, claim_slot};
pub use name::{BadName, ChannelName, board_file_name};
pub use pipe::{ConfigError, MAX_DOCUMENT_BYTES, PATIENCE, encode, receive};
