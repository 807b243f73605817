//! Showing a run: the view that is asked for, or the one that fits where the output goes.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use vx_shm::Reader;
use vx_tui::source::{Control, Expectations};
use vx_tui::{Inputs, Left, OutputOptions, PlainForm, PlainOptions, Signs};

use super::args::OutputArguments;
use super::failure::Failure;
use super::interrupts::Interrupts;
use super::views::{BoardLogs, BoardSnapshots, RunControl};
use super::{look, print, terminal};
use crate::project::Ui;
use crate::sync::RunHandle;

/// Which view shows a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// A full-screen dashboard.
    Dashboard,
    /// A few lines that are redrawn below those that are finished.
    Inline,
    /// Lines, nothing redrawn.
    Plain,
    /// JSON events.
    Json,
    /// Nothing but errors.
    Headless,
}

/// The view that is asked for, else what fits where this program's output goes. From then on a headless command prints
/// nothing but errors.
pub(super) fn choose_view(asked: &OutputArguments) -> Result<View, Failure> {
    let view = match asked {
        OutputArguments { tui: true, .. } => View::Dashboard,
        OutputArguments { plain: true, .. } => View::Plain,
        OutputArguments { json: true, .. } => View::Json,
        OutputArguments { headless: true, .. } => View::Headless,
        _ if terminal::redraws(io::stderr().is_terminal()) => View::Inline,
        _ => View::Plain,
    };
    if view == View::Dashboard && !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(Failure::usage("`--tui` needs a terminal, and standard input or output is none")
            .hint("leave `--tui` out, or use `--plain`, `--json` or `--headless --dump DIR`"));
    }
    if view == View::Headless {
        print::errors_only();
    } else if view != View::Json {
        // A wrong setting is said before anything is done.
        look::dashboard(&look::checked_settings()?, true, true)?;
    }
    Ok(view)
}

/// How long a terminal may take for what is shown last, once this process is to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A view on a thread of its own: a terminal that takes nothing delays nothing but what is shown on it.
pub(super) struct Showing {
    ended: Receiver<Result<(), Failure>>,
}

/// The process is to end, and the terminal does not take what is shown last.
#[derive(Debug)]
pub(super) struct Unheard;

impl Showing {
    /// Show the run from now on until it is over. Nobody left to show it to is no failure of the run.
    pub(super) fn start(
        board: &Path,
        view: View,
        mouse: bool,
        handle: &RunHandle,
        expectations: Expectations,
        ends: Sender<()>,
    ) -> io::Result<Self> {
        let (board, finished) = (board.to_owned(), handle.finished.clone());
        let control = RunControl { requests: handle.requests.clone(), answers: handle.answers.clone(), ends };
        let (end, ended) = bounded(1);
        std::thread::Builder::new().name("view".into()).spawn(move || {
            // Nobody waits any more where this is not taken.
            let _ = end.send(show(&board, view, mouse, control, finished, expectations));
        })?;
        Ok(Self { ended })
    }

    /// Wait until everything is shown: as long as that takes, unless somebody wants this process to stop, or wanted it
    /// before.
    pub(super) fn finish(self, interrupts: &Interrupts, wanted_before: bool) -> Result<Result<(), Failure>, Unheard> {
        match interrupts.unless_impatient(&self.ended, wanted_before, LAST_WORDS) {
            Ok(shown) => Ok(shown),
            Err(RecvTimeoutError::Disconnected) => Ok(Err(Failure::failed("the thread that shows the run panicked"))),
            Err(RecvTimeoutError::Timeout) => Err(Unheard),
        }
    }
}

fn show(
    board: &Path,
    view: View,
    mouse: bool,
    control: RunControl,
    finished: Receiver<()>,
    expectations: Expectations,
) -> Result<(), Failure> {
    if view == View::Headless {
        return Ok(());
    }
    let mut inputs = inputs(board, Some(control), expectations)?;
    let ui = look::settings().unwrap_or_default();
    match view {
        View::Dashboard => dashboard(&mut inputs, &ui, mouse, finished),
        View::Inline => inline(&mut inputs, &ui, finished),
        View::Plain => {
            let look = look::look(&ui, io::stderr().is_terminal());
            let options = PlainOptions { look, form: plain_form(), columns: vx_tui::stderr_columns() };
            ignoring_closed(vx_tui::plain(&mut inputs, &options, &mut io::stderr(), finished))
        }
        View::Json | View::Headless => ignoring_closed(vx_tui::json(&mut inputs, &mut io::stdout(), finished)),
    }
}

/// What the views are fed with: the board, what is expected of it, the logs beside it and, for who started it, a hand
/// on the run.
pub(super) fn inputs(board: &Path, control: Option<RunControl>, expectations: Expectations) -> Result<Inputs, Failure> {
    let reader = Reader::open(board).map_err(Failure::failed)?;
    Ok(Inputs {
        snapshots: Box::new(BoardSnapshots { reader, expectations }),
        logs: Box::new(BoardLogs::beside(board)),
        control: control.map(|control| Box::new(control) as Box<dyn Control>),
    })
}

/// The dashboard, and lines once it was left before the end: by who detached, by a signal after which everything was
/// asked to stop, or because the terminal failed. The installs go on in any case.
fn dashboard(inputs: &mut Inputs, ui: &Ui, mouse: bool, finished: Receiver<()>) -> Result<(), Failure> {
    let options = look::dashboard(ui, io::stdout().is_terminal(), mouse)?;
    match vx_tui::dashboard(inputs, &options, finished.clone()) {
        Ok(Left::Finished | Left::Closed) => return Ok(()),
        Ok(Left::Detached | Left::Signal(_)) => {}
        Err(error) => print::warning(format_args!("the dashboard ended: {error}")),
    }
    inline(inputs, ui, finished)
}

fn inline(inputs: &mut Inputs, ui: &Ui, finished: Receiver<()>) -> Result<(), Failure> {
    let terminal = io::stderr().is_terminal();
    let options = OutputOptions { look: look::look(ui, terminal), signs: Signs::supported(terminal) };
    ignoring_closed(vx_tui::inline(inputs, &options, finished))
}

fn plain_form() -> PlainForm {
    if terminal::accessible() {
        return PlainForm::Accessible;
    }
    if terminal::github_actions() {
        return PlainForm::GithubActions { step_summary: terminal::github_step_summary() };
    }
    PlainForm::Lines
}

/// What a view cannot print because its reader or its terminal is gone is no failure of the run.
fn ignoring_closed(result: io::Result<()>) -> Result<(), Failure> {
    /// What a terminal that was hung up answers.
    const EIO: i32 = 5;
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(EIO) => Ok(()),
        Err(error) => Err(Failure::failed(format!("cannot show the run: {error}"))),
        Ok(()) => Ok(()),
    }
}
