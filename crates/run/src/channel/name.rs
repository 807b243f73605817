//! The name by which a child finds its board and slot: `vx-install-<run>-<tool>`, or `vx-service-<run>-<name>`. The
//! board's file is `vx-<run>.board`; an earlier vx called it `vx-install-<run>.board`, and such a file is still found.
//!
//! `<run>` is the parent's process id, with a suffix (`4711.2`) when an older board of the same number is still there.
//! For a board without a name it is `4711.fd9`: the process and its open file. In `<tool>`, characters that a file name
//! should not hold are percent-encoded.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use vx_shm::Unnamed;

/// The beginning of a board's name.
const BOARD_PREFIX: &str = "vx-";
/// The beginning of the name of an install's channel, and of a board's name in an earlier vx.
const PREFIX: &str = "vx-install-";
/// The beginning of the name of a service's channel.
const SERVICE_PREFIX: &str = "vx-service-";
/// Stands between the process and its open file in the name of a channel on a board without a name.
const OPEN_FILE: &str = ".fd";
/// Boards of one process id that may exist at a time.
const MAX_SUFFIX: u32 = 99;
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Names the channel between a parent and one of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChannelName {
    prefix: &'static str,
    run: String,
    tool: String,
}

/// A text that is not a channel's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a channel name: expected `vx-install-<pid>-<tool>` or `vx-service-<pid>-<name>`")]
pub struct InvalidChannelName(pub String);

/// A file without the name of a run's board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not named like a board", .0.display())]
pub struct NotABoard(pub PathBuf);

impl ChannelName {
    /// Name the channel of this tool on the board in this file.
    ///
    /// # Errors
    /// The file is not named like a board.
    pub(super) fn on(board: &Path, tool: &str) -> Result<Self, NotABoard> {
        Self::with(PREFIX, board, tool)
    }

    /// Name the channel of this service on the board in this file.
    ///
    /// # Errors
    /// The file is not named like a board.
    pub(super) fn of_service(board: &Path, name: &str) -> Result<Self, NotABoard> {
        Self::with(SERVICE_PREFIX, board, name)
    }

    fn with(prefix: &'static str, board: &Path, tool: &str) -> Result<Self, NotABoard> {
        let stem = board.file_stem().and_then(|stem| stem.to_str());
        let named = || stem.and_then(run_of_board).filter(|run| is_run(run)).map(str::to_owned);
        let unnamed =
            Unnamed::from_path(board).map(|place| format!("{}{OPEN_FILE}{}", place.process, place.descriptor));
        let run = unnamed.or_else(named).ok_or_else(|| NotABoard(board.to_owned()))?;
        Ok(Self { prefix, run, tool: tool.to_owned() })
    }

    /// Its tool, or its service.
    pub(super) fn tool(&self) -> &str {
        &self.tool
    }

    /// Find the board's file: in this runtime directory, or without a name.
    pub(super) fn board_in(&self, runtime_directory: &Path) -> PathBuf {
        if let Some(unnamed) = unnamed(&self.run) {
            return unnamed.path();
        }
        let [board, earlier] =
            [board_file_name(&self.run), earlier_board_file_name(&self.run)].map(|name| runtime_directory.join(name));
        if !board.exists() && earlier.exists() { earlier } else { board }
    }
}

/// Find a board without a name from the part of a channel's name that is the run.
fn unnamed(run: &str) -> Option<Unnamed> {
    let (process, descriptor) = run.split_once(OPEN_FILE)?;
    Unnamed::from_path(Path::new(&format!("/proc/{process}/fd/{descriptor}")))
}

/// Returns whether the channel with this name is on a board without a name, which is in no directory.
pub fn is_on_unnamed_board(channel: &str) -> bool {
    channel.parse().is_ok_and(|channel: ChannelName| unnamed(&channel.run).is_some())
}

/// Name the file of a run's board.
pub fn board_file_name(run: &str) -> String {
    format!("{BOARD_PREFIX}{run}.board")
}

/// Name the file of a run's board as an earlier vx did.
pub fn earlier_board_file_name(run: &str) -> String {
    format!("{PREFIX}{run}.board")
}

/// Cut the run out of a board's name. It is not checked; [`is_run`] does that.
fn run_of_board(stem: &str) -> Option<&str> {
    stem.strip_prefix(PREFIX).or_else(|| stem.strip_prefix(BOARD_PREFIX))
}

/// Returns whether this names a run: digits, or digits with a suffix.
fn is_run(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Read the process id in a board's file name; `None` for any other name.
pub fn process_of_board(file_name: &str) -> Option<u32> {
    let run = run_of_board(file_name.strip_suffix(".board")?)?;
    run.split_once('.').map_or(run, |(pid, _)| pid).parse().ok()
}

/// Choose the path of the next board of the process `pid` in this directory: a free name, unless there are very many.
pub fn free_board_path(directory: &Path, pid: u32) -> PathBuf {
    let named = |run: &str| directory.join(board_file_name(run));
    let suffixed = (2..=MAX_SUFFIX).map(|suffix| named(&format!("{pid}.{suffix}")));
    let mut paths = std::iter::once(named(&pid.to_string())).chain(suffixed);
    paths.find(|path| !path.exists()).unwrap_or_else(|| named(&format!("{pid}.{MAX_SUFFIX}")))
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}-{}", self.prefix, self.run, utf8_percent_encode(&self.tool, KEPT))
    }
}

impl FromStr for ChannelName {
    type Err = InvalidChannelName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || InvalidChannelName(text.to_owned());
        let after = |prefix| text.strip_prefix(prefix).map(|rest| (prefix, rest));
        let (prefix, rest) = after(PREFIX).or_else(|| after(SERVICE_PREFIX)).ok_or_else(bad)?;
        let (run, tool) = rest.split_once('-').ok_or_else(bad)?;
        let tool = percent_decode_str(tool).decode_utf8().map_err(|_| bad())?.into_owned();
        // The run becomes part of a file name, so only digits and a dot pass, or the numbers of an open file.
        ((is_run(run) || unnamed(run).is_some()) && !tool.is_empty())
            .then(|| Self { prefix, run: run.to_owned(), tool })
            .ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_whatever_the_tool_is_called() {
        for tool in ["node", "clang-format", "@scope/a b", "日本", "a/../../b", "100%"] {
            let board = Path::new("/run/x").join(board_file_name("4711.2"));
            let name = ChannelName::on(&board, tool).expect("named like a board");
            assert!(!name.to_string().contains('/'));
            let read: ChannelName = name.to_string().parse().expect("it reads back");
            assert_eq!(read.tool(), tool);
            assert_eq!(read.board_in(Path::new("/run/x")), board);
            let of_service = ChannelName::of_service(&board, tool).expect("named like a board");
            assert!(of_service.to_string().starts_with("vx-service-4711.2-"), "{of_service}");
            assert_eq!(of_service.to_string().parse(), Ok(of_service));
        }
    }

    #[test]
    fn a_board_of_an_earlier_name_is_found_where_there_is_none_of_the_new_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let name: ChannelName = "vx-install-4711-node".parse().expect("a name");
        let [new, earlier] = ["vx-4711.board", "vx-install-4711.board"].map(|name| directory.path().join(name));
        assert_eq!(name.board_in(directory.path()), new);
        std::fs::write(&earlier, "").expect("a file");
        assert_eq!(name.board_in(directory.path()), earlier);
        std::fs::write(&new, "").expect("a file");
        assert_eq!(name.board_in(directory.path()), new);
        for board in [&new, &earlier] {
            let named = ChannelName::on(board, "node").expect("named like a board");
            assert_eq!(named.to_string(), "vx-install-4711-node", "the name that a child is given stays");
        }
        assert!(ChannelName::on(Path::new("/run/vx-board.board"), "node").is_err());
        assert_eq!(["vx-12.2.board", "vx-install-12.board", "vx-12"].map(process_of_board), [Some(12), Some(12), None]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_leads_to_a_board_without_a_name_wherever_boards_are() {
        let board = Path::new("/proc/4711/fd/9");
        let name = ChannelName::on(board, "node").expect("a name").to_string();
        assert_eq!(name, "vx-install-4711.fd9-node");
        assert!(is_on_unnamed_board(&name) && !is_on_unnamed_board("vx-install-4711.9-node"));
        let read: ChannelName = name.parse().expect("it reads back");
        assert_eq!(read.board_in(Path::new("/run/x")), board);
        for text in
            ["vx-install-.fd9-node", "vx-install-1.fd-node", "vx-install-1.fd../2-node", "vx-install-1.fd2.fd3-node"]
        {
            assert!(text.parse::<ChannelName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        for text in [
            "",
            "vx-install-",
            "vx-install-1",
            "vx-install-1-",
            "vx-install-../x-node",
            "vx-install--node",
            "other-1-node",
        ] {
            assert!(text.parse::<ChannelName>().is_err(), "{text}");
        }
    }
}
