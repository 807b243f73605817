//! `vx up` as the owner of its services: shows them, and stops them when it ends.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use jiff::Timestamp;
use vx_base::paths::Home;
use vx_status::source::Expectations;
use vx_text::padded;

use super::control::{LeaseControl, PrintingLogs};
use crate::doors::cli::args::{OutputArguments, UpArguments};
use crate::doors::cli::interrupts::Interrupts;
use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::cli::screens::screen::{self, ServicesDashboardExit};
use crate::doors::cli::screens::show::inputs;
use crate::doors::cli::screens::style;
use crate::doors::cli::screens::view::{RunViewKind, choose_view};
use crate::serving::up::{DeclaredServices, Lease, ServiceLogStream, ServiceState, UpError};

/// The interval for reading the output.
const LOOK: Duration = Duration::from_millis(50);
/// The longest that a terminal may take for the last output, once the services were asked to stop and have stopped.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Start these services, and show them until they have ended or the user stops them.
pub(super) fn run(
    home: &Home,
    declared: &DeclaredServices,
    asked: &UpArguments,
    frontend: &CommandLineFrontend,
) -> CommandResult {
    let view = view(asked.tui)?;
    let interrupts = Interrupts::intercept()?;
    let since = Timestamp::now();
    let (lease, changes, finished) =
        Lease::acquire(home, declared, &super::wish(asked), view == RunViewKind::Dashboard, frontend)?;
    super::changes::show(&changes);
    let stopping = lease.clone();
    let says = view == RunViewKind::Plain;
    let forwarding = interrupts.forward_to(finished.clone(), move || {
        stopping.stop();
        if says && stopping.asked() == 1 {
            print::message("stopping; Ctrl-C again kills");
        }
    })?;
    end_in_time(&lease, &finished, view != RunViewKind::Plain)?;
    if view == RunViewKind::Plain {
        print_lines(&lease, &finished, since)?;
        return ended(&lease, false);
    }
    let control = Box::new(LeaseControl::new(lease.clone(), forwarding.ends.clone())?);
    let mut inputs = inputs(lease.board(), Some(control), Expectations::default())?;
    let ui = style::settings().unwrap_or_default();
    if view == RunViewKind::Inline {
        inputs.logs = Box::new(PrintingLogs::for_board(lease.board(), since)?);
        screen::inline(&mut inputs, &ui, finished)?;
        return ended(&lease, true);
    }
    match screen::services(&mut inputs, &ui, !asked.no_mouse, finished.clone())? {
        ServicesDashboardExit::Ended => ended(&lease, true),
        ServicesDashboardExit::Detached => {
            lease.leave()?;
            print::message("the services keep running; `vx ps` lists them, `vx down` stops them");
            Ok(ExitCode::SUCCESS)
        }
        ServicesDashboardExit::Signal => {
            // The view has already asked the services to stop.
            let _ = finished.recv();
            ended(&lease, false)
        }
    }
}

/// If a stop was requested, end this process soon after its services, even if a terminal or pipe accepts no more
/// output.
fn end_in_time(lease: &Lease, finished: &Receiver<()>, drawn: bool) -> io::Result<()> {
    let (lease, finished) = (lease.clone(), finished.clone());
    thread::Builder::new().name("last words".into()).spawn(move || {
        let _ = finished.recv();
        if lease.asked() > 0 {
            thread::sleep(LAST_WORDS);
            if drawn {
                screen::restore_modes();
            }
            std::process::exit(CANCELLED.into());
        }
    })?;
    Ok(())
}

/// The view for this output. The services' output is data: it goes to standard output, unless that is the terminal on
/// which lines are redrawn.
fn view(tui: bool) -> Result<RunViewKind, CommandFailure> {
    let view = choose_view(&OutputArguments { tui, ..OutputArguments::default() })?;
    Ok(if view == RunViewKind::Inline && !io::stdout().is_terminal() { RunViewKind::Plain } else { view })
}

/// Print what the services print, until they have ended.
fn print_lines(lease: &Lease, finished: &Receiver<()>, since: Timestamp) -> Result<(), CommandFailure> {
    let mut together = ServiceLogStream::for_services(lease.board(), &[], since).map_err(UpError::from)?;
    loop {
        let last = !matches!(finished.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout));
        let (entries, wide) = (together.read(last), together.widest());
        for entry in entries {
            print::data(format_args!("{} | {}", padded(&entry.source, wide, ""), entry.message));
        }
        for failure in lease.failures() {
            let text = format!("`{}` failed: {}; it is tried again once its files change", failure.name, failure.error);
            print::message(&text);
        }
        if last {
            return Ok(());
        }
        if print::closed() {
            return Err(CommandFailure::silent(FAILED));
        }
    }
}

/// Print a line for each failed service, unless a view has shown it, and return the exit code.
fn ended(lease: &Lease, shown: bool) -> CommandResult {
    let services = lease.services()?;
    let failed: Vec<&ServiceState> = services.iter().filter(|service| service.error.is_some()).collect();
    for service in failed.iter().filter(|_| !shown) {
        let error = service.error.as_deref().unwrap_or_default();
        print::error(format_args!("`{}` {}: {error}", service.name, service.word), service.hint.clone());
    }
    let kept = lease.kept();
    if !kept.is_empty() {
        let names = kept.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        print::message(format_args!(
            "{names} {} running for others; `vx down` stops all",
            if kept.len() == 1 { "keeps" } else { "keep" }
        ));
    }
    Ok(match (lease.asked() > 0, failed.is_empty()) {
        (true, _) => ExitCode::from(CANCELLED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(FAILED),
    })
}
