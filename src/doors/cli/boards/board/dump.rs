//! `vx board dump`: a board, or a moment of a recording, in a file or as text.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use vx_shm::recording::is_recording;
use vx_shm::{Snapshot, dump};
use vx_status::document::to_json;
use vx_status::table::{to_csv, to_text};

use crate::boards::{find, recordings};
use crate::doors::cli::args::DumpFormat;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;

/// Run `vx board dump`.
pub(super) fn run(board: Option<&str>, at: Option<Duration>, raw: Option<&Path>, format: DumpFormat) -> CommandResult {
    let path = find::find(board)?;
    if is_recording(&path) {
        return of_recording(&path, at, raw, format);
    }
    if at.is_some() {
        return Err(CommandFailure::usage(format!(
            "`{}` is not a recording: it has only its present state",
            path.display()
        ))
        .hint("use `--at` with a recording; `vx sync --record FILE` makes one"));
    }
    let mut reader = find::open_file(&path)?;
    if let Some(raw) = raw {
        dump::write(&mut reader, raw).map_err(CommandFailure::failed)?;
        print::message(format_args!("wrote `{}`", raw.display()));
    }
    let snapshot = reader.snapshot().map_err(CommandFailure::failed)?;
    show(&snapshot, format, raw.is_none());
    Ok(ExitCode::SUCCESS)
}

fn of_recording(path: &Path, at: Option<Duration>, raw: Option<&Path>, format: DumpFormat) -> CommandResult {
    if raw.is_some() {
        return Err(CommandFailure::usage(format!("`{}` is a recording: `--raw` saves boards", path.display()))
            .hint("copy the file itself, or print a moment of it with `--at`"));
    }
    show(&recordings::moment(path, at)?, format, true);
    Ok(ExitCode::SUCCESS)
}

/// Print a snapshot in the requested format, or as text if none is requested and `wanted` is true.
fn show(snapshot: &Snapshot, format: DumpFormat, wanted: bool) {
    match format {
        DumpFormat { json: true, .. } => print::data(format_args!("{:#}", to_json(snapshot))),
        DumpFormat { csv: true, .. } => print::document(&to_csv(snapshot)),
        DumpFormat { text: true, .. } => print::data(to_text(snapshot).trim_end()),
        _ if wanted => print::data(to_text(snapshot).trim_end()),
        _ => {}
    }
}
