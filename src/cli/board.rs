//! `vx board`: the boards of this machine's runs, without a dashboard.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use vx_shm::recording::{Recording, is_recording};
use vx_shm::{BoardState, Liveness, Reader, SlotState, SlotView, Snapshot, dump};

use super::args::{BoardCommand, DumpFormat, Until, WatchArguments};
use super::failure::{FAILED, Failure, Outcome};
use super::{boards, export, print, put, replay};
use crate::paths::runtime_directory;
use crate::sync::{BOARDS_KEPT, BOARDS_KEPT_FOR, RECORDINGS_KEPT, collect_boards, kept_recordings};

/// Run `vx board …`.
pub(super) fn run(command: BoardCommand) -> Outcome {
    match command {
        BoardCommand::Ls { recordings: true, .. } => list_recordings(),
        BoardCommand::Ls { json, .. } => list(json),
        BoardCommand::Dump { board, at, raw, format } => dump_board(board.as_deref(), at, raw.as_deref(), format),
        BoardCommand::Export { board, into } => export::run(board.as_deref(), &into),
        BoardCommand::Watch(arguments) => watch(&arguments),
        BoardCommand::Wait { board, until, timeout } => wait(board.as_deref(), until, timeout),
        BoardCommand::Put(arguments) => put::put(&arguments),
        BoardCommand::Create(arguments) => put::create(&arguments),
        BoardCommand::Close(arguments) => put::close(&arguments),
        BoardCommand::Gc => collect(),
    }
}

fn list(as_json: bool) -> Outcome {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let listed = vx_shm::list(&directory)?;
    if as_json {
        let rows: Vec<_> = listed
            .iter()
            .map(|listed| match &listed.reading {
                Ok(snapshot) => {
                    json!({"path": shown(&listed.path), "board": dump::to_json(snapshot)["board"], "error": null})
                }
                Err(error) => json!({"path": shown(&listed.path), "board": null, "error": error.to_string()}),
            })
            .collect();
        print::data(format_args!("{:#}", json!(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    for listed in &listed {
        let name = listed.path.file_stem().unwrap_or_default().to_string_lossy();
        match &listed.reading {
            Ok(snapshot) => print::data(format_args!("{name:<24} {}", summary_line(snapshot))),
            Err(error) => print::data(format_args!("{name:<24} unreadable: {error}")),
        }
    }
    if listed.is_empty() {
        print::note(format_args!("no boards in `{}`; `vx sync` makes one", directory.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn list_recordings() -> Outcome {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let recordings = kept_recordings(&directory)?;
    for path in &recordings {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match replay::open(path).map(Recording::playback) {
            Ok(mut playback) => {
                playback.seek(u64::MAX);
                let seconds = Duration::from_nanos(playback.recording().length_ns()).as_secs_f64();
                print::data(format_args!("{name:<32} {} {seconds:.1} s", summary_line(playback.last())));
            }
            Err(failure) => print::data(format_args!("{name:<32} unreadable: {failure}")),
        }
    }
    if recordings.is_empty() {
        print::note(format_args!("no recordings in `{}`; `vx sync` makes one", directory.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A path for JSON, which has no other text than UTF-8.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn summary_line(snapshot: &Snapshot) -> String {
    let board = &snapshot.board;
    let ended = snapshot.slots.iter().filter(|slot| slot.state.ended()).count();
    let state = if board.abandoned() { "abandoned" } else { board.state.name() };
    let created = jiff::Timestamp::from_nanosecond(board.created_unix_ns.into()).unwrap_or_default();
    let title: String = board.title.chars().filter(|character| !character.is_control()).collect();
    format!("{state:<10} {ended:>3}/{:<3} {created:.0} {title}", snapshot.slots.len())
}

fn dump_board(board: Option<&str>, at: Option<Duration>, raw: Option<&Path>, format: DumpFormat) -> Outcome {
    let path = boards::find(board)?;
    if is_recording(&path) {
        return dump_recording(&path, at, raw, format);
    }
    if at.is_some() {
        return Err(Failure::usage(format!("`{}` is no recording: it has no other moment than now", path.display()))
            .hint("`--at` is for what `vx sync --record FILE` has recorded"));
    }
    let mut reader = boards::open_at(&path)?;
    if let Some(raw) = raw {
        dump::write(&mut reader, raw).map_err(Failure::failed)?;
        print::note(format_args!("wrote `{}`", raw.display()));
    }
    let snapshot = read(&mut reader)?;
    print_snapshot(&snapshot, format, raw.is_none());
    Ok(ExitCode::SUCCESS)
}

/// A moment of a recording, or its end.
fn dump_recording(path: &Path, at: Option<Duration>, raw: Option<&Path>, format: DumpFormat) -> Outcome {
    if raw.is_some() {
        return Err(Failure::usage(format!("`{}` is a recording: `--raw` saves boards", path.display()))
            .hint("copy the file itself, or print a moment of it with `--at`"));
    }
    let recording = replay::open(path)?;
    let (first_ns, last_ns) = recording.span_ns();
    let asked_ns = at.map_or(u64::MAX, |at| {
        recording.created_at_ns().saturating_add(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX))
    });
    let at_ns = asked_ns.clamp(first_ns, last_ns);
    let mut playback = recording.playback();
    playback.seek(at_ns);
    let mut snapshot = Snapshot::default();
    playback.show_at(at_ns, &mut snapshot);
    print_snapshot(&snapshot, format, true);
    Ok(ExitCode::SUCCESS)
}

/// Text is what nobody has to ask for, where anything is wanted.
fn print_snapshot(snapshot: &Snapshot, format: DumpFormat, wanted: bool) {
    match format {
        DumpFormat { json: true, .. } => print::data(format_args!("{:#}", dump::to_json(snapshot))),
        DumpFormat { csv: true, .. } => print::data(dump::to_csv(snapshot).trim_end()),
        DumpFormat { text: true, .. } => print::data(dump::to_text(snapshot).trim_end()),
        _ if wanted => print::data(dump::to_text(snapshot).trim_end()),
        _ => {}
    }
}

fn read(reader: &mut Reader) -> Result<Snapshot, Failure> {
    let mut snapshot = Snapshot::default();
    reader.refresh(&mut snapshot).map_err(Failure::failed)?;
    Ok(snapshot)
}

/// Whether nothing more will come: the board was closed, or its creator is gone.
fn over(snapshot: &Snapshot) -> bool {
    snapshot.board.state != BoardState::Running || snapshot.board.creator.alive != Some(true)
}

fn watch(arguments: &WatchArguments) -> Outcome {
    let (_, mut reader) = boards::open(arguments.board.as_deref())?;
    let mut snapshot = Snapshot::default();
    let mut changed = reader.refresh(&mut snapshot).map_err(Failure::failed)?;
    loop {
        if changed {
            print::data(dump::to_json(&snapshot));
        }
        if over(&snapshot) || print::closed() {
            return Ok(ExitCode::SUCCESS);
        }
        // Numbers and the death of a writer ring no bell: they are looked for while somebody is at work, and only then.
        let look = !arguments.states && snapshot.slots.iter().any(at_work);
        reader.wait_change(if look { arguments.every } else { Duration::MAX });
        let epoch = snapshot.board.epoch;
        changed = reader.refresh(&mut snapshot).map_err(Failure::failed)?;
        changed &= !arguments.states || snapshot.board.epoch != epoch || over(&snapshot);
    }
}

/// Whether more may come from the slot's writer.
fn at_work(slot: &SlotView) -> bool {
    slot.state == SlotState::Live && slot.liveness != Liveness::Lost
}

fn wait(board: Option<&str>, until: Until, timeout: Option<Duration>) -> Outcome {
    let (path, mut reader) = boards::open(board)?;
    // A time too far off to be told is no bound.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut snapshot = read(&mut reader)?;
    loop {
        let failed = snapshot.slots.iter().any(|slot| slot.state.ended() && !slot.state.good());
        if until == Until::Failed && failed {
            return Ok(ExitCode::SUCCESS);
        }
        if over(&snapshot) {
            let done = snapshot.board.state == BoardState::Done;
            return match (until, done) {
                (Until::Done, true) => Ok(ExitCode::SUCCESS),
                (Until::Done, false) => Err(Failure::failed(format!("the run is {}", state_word(&snapshot)))
                    .hint(format!("`vx board dump {}` shows what happened", path.display()))),
                (Until::Failed, _) => Err(Failure::failed("the run ended and nothing failed")),
            };
        }
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(Failure::failed("the run has not ended in the time given"));
        }
        reader.wait_change(left);
        reader.refresh(&mut snapshot).map_err(Failure::failed)?;
    }
}

fn state_word(snapshot: &Snapshot) -> &'static str {
    match snapshot.board.state {
        BoardState::Running => "abandoned: its parent process is gone",
        state => state.name(),
    }
}

fn collect() -> Outcome {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let removed = collect_boards(&directory)?;
    for path in &removed {
        print::note(format_args!("removed `{}`", path.display()));
    }
    if removed.is_empty() {
        let hours = BOARDS_KEPT_FOR.as_secs() / 3600;
        print::note(format_args!(
            "nothing to remove: ended boards are kept for {hours} h, at most {BOARDS_KEPT}, and at most {RECORDINGS_KEPT} recordings"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
