//! Between parent and child: the configuration goes in once through a pipe, progress comes back over the board.

mod name;
mod pipe;

pub use name::{BadName, ChannelName, board_file_name};
pub use pipe::{ConfigError, MAX_DOCUMENT_BYTES, PATIENCE, encode, receive};
