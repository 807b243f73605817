//! Words to the terminal: results, notices, failures, and the programs that show a text or a file.

pub(super) mod browser;
pub(super) mod commands;
pub(super) mod editor;
pub(super) mod failure;
pub(super) mod notices;
pub(super) mod pager;
pub(super) mod print;
pub(super) mod terminal;
pub(super) mod words;
pub(super) mod work_errors;
