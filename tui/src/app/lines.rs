//! The loops of the outputs that are lines: inline on a terminal, plain, and JSON.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use ratatui::crossterm::terminal;
use vx_shm::Snapshot;

use super::{Inputs, OutputOptions, PlainForm, PlainOptions};
use crate::history::History;
use crate::inline::{finished_line, live_rows, redraw};
use crate::json::JsonLines;
use crate::model::{Changes, Pace};
use crate::plain::{Plain, annotations, group, guarded_lines, step_summary};
use crate::source::Snapshots;
use crate::table;
use crate::theme::{Look, Theme};

const POLL: Duration = Duration::from_millis(40);
/// Between two drawings of the live rows.
const BETWEEN_FRAMES: Duration = Duration::from_millis(100);
/// How long a new size must stay before it is drawn for.
const SETTLED: Duration = Duration::from_millis(150);

const BETWEEN_SUMS_MS: u64 = 3_000;
const BETWEEN_SUMS_ALOUD_MS: u64 = 30_000;

/// One reading, and what a loop wants to know about it.
struct Reading<'a> {
    snapshot: &'a Snapshot,
    /// Since the loop began.
    now: Duration,
    /// The work is over; there is no further reading.
    last: bool,
}

/// Read the board until `finished` fires or closes, then once more. A board that can no longer be read is not the end
/// of the work: its last good reading stands, and the error is returned at the end.
fn watch(
    snapshots: &mut dyn Snapshots,
    finished: &Receiver<()>,
    latest: &mut Snapshot,
    mut step: impl FnMut(&Reading) -> io::Result<()>,
) -> io::Result<()> {
    let began = Instant::now();
    let mut trouble = None;
    let mut wait = Duration::ZERO;
    loop {
        let last = !matches!(finished.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        wait = POLL;
        if let Err(error) = snapshots.refresh(latest) {
            trouble.get_or_insert(error);
        }
        step(&Reading { snapshot: latest, now: began.elapsed(), last })?;
        if last {
            return trouble.map_or(Ok(()), Err);
        }
    }
}

/// Show progress below the prompt of a terminal until the work is over, then the final table.
///
/// Standard output must be a terminal. Signals are the caller's; nothing stays switched on between two drawings.
///
/// # Errors
///
/// When standard output cannot be written, or the board could no longer be read.
pub fn inline(inputs: &mut Inputs, options: &OutputOptions, finished: Receiver<()>) -> io::Result<()> {
    let mut view = Inline::new(options.look);
    let mut latest = Snapshot::default();
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        let size = terminal::size().unwrap_or((80, 24));
        write_out(&view.step(reading, size))
    });
    let table = table::render(&latest, inputs.logs.as_mut(), options.look);
    write_out(&table)?;
    watched
}

/// The inline view's state between two readings.
struct Inline {
    theme: Theme,
    changes: Changes,
    history: History,
    size: (u16, u16),
    resized_at: Option<Duration>,
    drawn_at: Option<Duration>,
    shown: Vec<String>,
    paces: Vec<Pace>,
}

impl Inline {
    fn new(look: Look) -> Self {
        Self {
            theme: Theme::new(look),
            changes: Changes::default(),
            history: History::default(),
            size: (0, 0),
            resized_at: None,
            drawn_at: None,
            shown: Vec::new(),
            paces: Vec::new(),
        }
    }

    /// What to write for a reading, on a screen of this size.
    fn step(&mut self, reading: &Reading, size: (u16, u16)) -> String {
        if size != self.size {
            let first = self.size == (0, 0);
            self.size = size;
            self.resized_at = (!first).then_some(reading.now);
            self.shown.clear();
        }
        let settling = self.resized_at.is_some_and(|at| reading.now.saturating_sub(at) < SETTLED);
        let early = self.drawn_at.is_some_and(|at| reading.now.saturating_sub(at) < BETWEEN_FRAMES);
        if (settling || early) && !reading.last {
            return String::new();
        }
        self.paces = self.history.note(reading.snapshot);
        let ends = self.changes.new_ends(reading.snapshot);
        let now_ns = reading.snapshot.taken_at_ns;
        let finished: Vec<String> = ends.iter().map(|slot| finished_line(&self.theme, slot, now_ns, size.0)).collect();
        let live = match reading.last {
            true => Vec::new(),
            false => live_rows(&self.theme, reading.snapshot, &self.paces, size),
        };
        if finished.is_empty() && live == self.shown && self.resized_at.is_none() {
            return String::new();
        }
        self.resized_at = None;
        self.drawn_at = Some(reading.now);
        let bytes = redraw(&finished, &live);
        self.shown = live;
        bytes
    }
}

fn write_out(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Write plain lines until the work is over, then the final table.
///
/// # Errors
///
/// When `out` or the step's summary cannot be written, or the board could no longer be read.
pub fn plain(
    inputs: &mut Inputs,
    options: &PlainOptions,
    out: &mut dyn Write,
    finished: Receiver<()>,
) -> io::Result<()> {
    let for_actions = matches!(options.form, PlainForm::GithubActions { .. });
    let aloud = matches!(options.form, PlainForm::Accessible);
    let between = if aloud { BETWEEN_SUMS_ALOUD_MS } else { BETWEEN_SUMS_MS };
    let mut lines = Plain::new(between, for_actions);
    let mut history = History::default();
    let mut latest = Snapshot::default();
    let mut grouped = false;
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        if for_actions && !std::mem::replace(&mut grouped, true) {
            writeln!(out, "{}", group(&reading.snapshot.board.title).0)?;
        }
        let paces = history.note(reading.snapshot);
        let now_ms = u64::try_from(reading.now.as_millis()).unwrap_or(u64::MAX);
        lines.step(reading.snapshot, &paces, now_ms, out)
    });
    let look = Look { words_only: options.look.words_only || aloud, ..options.look };
    let table = table::render(&latest, inputs.logs.as_mut(), look);
    if let PlainForm::GithubActions { step_summary: page } = &options.form {
        writeln!(out, "{}", group("").1)?;
        for annotation in annotations(&latest) {
            writeln!(out, "{annotation}")?;
        }
        out.write_all(guarded_lines(&table).as_bytes())?;
        if let Some(page) = page {
            let mut page = OpenOptions::new().create(true).append(true).open(page)?;
            page.write_all(step_summary(&latest).as_bytes())?;
        }
    } else {
        out.write_all(table.as_bytes())?;
    }
    out.flush()?;
    watched
}

/// Write events as JSON lines until the work is over, then the summary.
///
/// # Errors
///
/// When `out` cannot be written, or the board could no longer be read.
pub fn json(inputs: &mut Inputs, out: &mut dyn Write, finished: Receiver<()>) -> io::Result<()> {
    let mut events = JsonLines::default();
    let mut latest = Snapshot::default();
    let watched =
        watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| events.step(reading.snapshot, out));
    events.summary(&latest, inputs.logs.as_ref(), out)?;
    watched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture::{FixedLogs, Script, done, downloading, everything};
    use serde_json::Value;
    use std::num::NonZero;

    fn inputs(readings: impl IntoIterator<Item = Snapshot>) -> Inputs {
        let logs = Box::new(FixedLogs(vec!["::error::from a log".to_owned()]));
        Inputs { snapshots: Box::new(Script::of(readings)), logs, control: None }
    }

    /// The work was over before the output began.
    fn over() -> Receiver<()> {
        crossbeam_channel::bounded(0).1
    }

    fn one(slot: vx_shm::SlotView) -> Snapshot {
        Snapshot { slots: vec![slot], taken_at_ns: 110_000_000_000, ..Snapshot::default() }
    }

    struct Broken;

    impl Snapshots for Broken {
        fn refresh(&mut self, _into: &mut Snapshot) -> io::Result<bool> {
            Err(io::Error::other("truncated"))
        }
    }

    #[test]
    fn work_that_was_over_before_the_output_began_is_told_whole() {
        let mut out = Vec::new();
        json(&mut inputs([one(done(0, "just", "1", 7, 102.0))]), &mut out, over()).expect("it is written");
        let text = String::from_utf8(out).expect("JSON is text");
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap_or("")).collect();
        assert_eq!(names, ["started", "downloading", "extracting", "completed", "summary"]);
        assert_eq!(events[3]["install_path"], "/store/just/1");
        assert_eq!((&events[4]["ok"], &events[4]["counts"]["completed"]), (&Value::Bool(true), &Value::from(1)));
    }

    #[test]
    fn the_reading_after_the_end_of_the_work_is_not_lost() {
        let (send, receive) = crossbeam_channel::bounded(1);
        let half = one(downloading(0, "just", "1", 3, Some(7)));
        let mut readings = 0;
        let mut script = Script::of([half.clone(), half, one(done(0, "just", "1", 7, 102.0))]);
        let mut latest = Snapshot::default();
        let mut ends = Vec::new();
        watch(&mut script, &receive, &mut latest, |reading| {
            readings += 1;
            if readings == 2 {
                send.send(()).map_err(io::Error::other)?;
            }
            ends.push((reading.last, reading.snapshot.slots[0].state.ended()));
            Ok(())
        })
        .expect("it watches");
        assert_eq!(ends, [(false, false), (false, false), (true, true)]);
    }

    #[test]
    fn a_board_that_cannot_be_read_does_not_end_the_output_early() {
        let (send, receive) = crossbeam_channel::bounded::<()>(1);
        let mut steps = 0;
        let watched = watch(&mut Broken, &receive, &mut Snapshot::default(), |_| {
            steps += 1;
            if steps == 3 { send.send(()).map_err(io::Error::other) } else { Ok(()) }
        });
        assert_eq!((steps, watched.map_err(|error| error.to_string())), (4, Err("truncated".to_owned())));
    }

    #[test]
    fn a_build_server_gets_a_group_annotations_and_a_page() {
        let page = std::env::temp_dir().join(format!("vx-tui-page-{}", std::process::id()));
        let form = PlainForm::GithubActions { step_summary: Some(page.clone()) };
        let mut out = Vec::new();
        plain(&mut inputs([everything()]), &PlainOptions { form, ..PlainOptions::default() }, &mut out, over())
            .expect("it is written");
        let written = std::fs::read_to_string(&page).expect("the page is there");
        std::fs::remove_file(&page).expect("the page goes away");
        assert!(written.contains("| ruff | 1.0.0 | **failed**: the digest differs | 1.2 MB | 3.5 s |"), "{written}");
        let text = String::from_utf8(out).expect("lines are text");
        let commands: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        assert_eq!(
            commands,
            [
                "::group::tools of demo",
                "::endgroup::",
                "::error title=ruff 1.0.0 failed::the digest differs%0Aexpected sha256:aaaa%0Agot      sha256:bbbb",
                "::error title=esbuild 1.0.0 died::killed by signal 9 (SIGKILL)",
            ]
        );
    }

    #[test]
    fn words_alone_for_a_screen_reader() {
        let mut out = Vec::new();
        let options = PlainOptions { form: PlainForm::Accessible, ..PlainOptions::default() };
        plain(&mut inputs([everything()]), &options, &mut out, over()).expect("it is written");
        let text = String::from_utf8(out).expect("lines are text");
        assert!(text.replace("日本語のツール", "").is_ascii(), "{text}");
    }

    fn reading(snapshot: &Snapshot, ms: u64, last: bool) -> Reading<'_> {
        Reading { snapshot, now: Duration::from_millis(ms), last }
    }

    #[test]
    fn a_resize_is_drawn_once_it_settled_and_the_end_at_once() {
        let mut view = Inline::new(Look::default());
        let snapshot = everything();
        assert!(!view.step(&reading(&snapshot, 0, false), (100, 30)).is_empty());
        assert!(view.step(&reading(&snapshot, 200, false), (100, 30)).is_empty(), "nothing changed");
        assert!(view.step(&reading(&snapshot, 240, false), (60, 30)).is_empty());
        assert!(view.step(&reading(&snapshot, 300, false), (50, 30)).is_empty());
        assert!(view.step(&reading(&snapshot, 440, false), (50, 30)).is_empty(), "not yet settled");
        assert!(!view.step(&reading(&snapshot, 460, false), (50, 30)).is_empty());
        assert!(!view.step(&reading(&snapshot, 470, true), (40, 30)).is_empty(), "the live rows go away");
    }

    #[test]
    fn inline_tells_each_end_once_however_often_it_is_drawn() {
        let mut view = Inline::new(Look::default());
        let mut screen =
            vt100::Parser::new(const { NonZero::new(30).unwrap() }, const { NonZero::new(100).unwrap() }, 100);
        for step in 0..20 {
            screen.process(view.step(&reading(&everything(), step * 100, step == 19), (100, 30)).as_bytes());
        }
        let text = screen.screen().contents();
        insta::assert_snapshot!("inline_everything", text);
    }
}
