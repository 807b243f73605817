//! Files that are read or written whole, locks on files, and the search for programs.

pub mod agreed_file;
pub mod file_lock;
pub mod replace_file;
pub mod search_path;
pub mod small_file;
