//! `vx daemon`: the process that answers editors and agents.

mod events;

use std::ffi::OsString;
use std::process::ExitCode;

use serde_json::{Value, json};
use vx_base::system::variables::{all_of_this_process, of_this_process};
use vx_base::trouble::{Explain, TroubleKind};

use crate::doors::cli::args::{DaemonCommand, IdleArguments};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED, USAGE};
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::daemon::{
    DaemonClient, DaemonError, DaemonPlace, DaemonRequest, Started, Switch, serve, serve_stdio, start, stop,
};

/// `vx daemon status` found no daemon.
const NOT_RUNNING: u8 = 3;

impl From<DaemonError> for CommandFailure {
    fn from(error: DaemonError) -> Self {
        let code = match error.kind() {
            TroubleKind::Usage | TroubleKind::Configuration => USAGE,
            _ => FAILED,
        };
        Self::hinted(code, &error)
    }
}

/// Run `vx daemon …`.
pub(in crate::doors::cli) fn run(command: DaemonCommand) -> CommandResult {
    let place = DaemonPlace::in_home(&workspace::home()?);
    match command {
        DaemonCommand::Run { stdio: true, .. } => serve_stdio(&place, std::io::stdin(), std::io::stdout())?,
        DaemonCommand::Run { idle, stdio: false } => serve(&place, idle.limit())?,
        DaemonCommand::Start(idle) => begin(&place, &idle)?,
        DaemonCommand::Stop => end(&place)?,
        DaemonCommand::Restart(idle) => {
            end(&place)?;
            begin(&place, &idle)?;
        }
        DaemonCommand::Status { json } => return status(&place, json),
        DaemonCommand::Logs => logs(&place)?,
        DaemonCommand::Call { method, params } => call(&place, &method, params.as_deref())?,
        DaemonCommand::Events { types, directory } => {
            refuse_off()?;
            events::run(&place, &types, &directory)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(place: &DaemonPlace, idle: &IdleArguments) -> Result<(), CommandFailure> {
    let mut arguments: Vec<OsString> = vec!["daemon".into(), "run".into()];
    arguments.extend(idle.words());
    match start(place, &arguments)? {
        Started::Now(process) => print::message(format_args!("the daemon runs: process {process}")),
        Started::Before(process) => print::message(format_args!("the daemon already runs: process {process}")),
    }
    Ok(())
}

fn end(place: &DaemonPlace) -> Result<(), CommandFailure> {
    match stop(place)? {
        true => print::message("the daemon is stopped"),
        false => print::message("no daemon was running"),
    }
    Ok(())
}

fn status(place: &DaemonPlace, as_json: bool) -> CommandResult {
    let mut client = match DaemonClient::connect(place.home(), "vx daemon status") {
        Ok(client) => client,
        Err(error @ DaemonError::Absent(_)) => {
            let socket = place.find_socket();
            match (as_json, &socket) {
                (true, _) => print::data(json!({ "running": false, "socket": socket })),
                (false, Some(socket)) => print::data(format_args!("socket   {}", socket.display())),
                (false, None) => {}
            }
            return Err(CommandFailure::hinted(NOT_RUNNING, &error));
        }
        Err(error) => return Err(error.into()),
    };
    let status = client.status()?;
    if as_json {
        let mut document = json!(status);
        document["running"] = true.into();
        document["socket"] = json!(client.socket());
        print::data(format_args!("{document:#}"));
        return Ok(ExitCode::SUCCESS);
    }
    print::data(format_args!("socket   {}", client.socket().display()));
    let seconds = status.pong.uptime_secs;
    print::data(format_args!("process  {}, version {}, for {seconds} s", status.process, status.version));
    print::data(format_args!("protocol {} to {}", status.protocol.min, status.protocol.max));
    print::data(format_args!("clients  {}, with {} subscriptions", status.clients, status.subscriptions));
    print::data(format_args!("watched  {} directories", status.watched));
    print::data(format_args!("releases {}", status.pong.cached_runtimes));
    if let Some(bytes) = status.rss_bytes {
        print::data(format_args!("memory   {}", vx_text::units::bytes(bytes)));
    }
    Ok(ExitCode::SUCCESS)
}

fn logs(place: &DaemonPlace) -> Result<(), CommandFailure> {
    let path = place.log();
    match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).lines().for_each(print::data),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            print::message("no daemon of this home has run yet")
        }
        Err(error) => return Err(CommandFailure::failed(format!("cannot read `{}`: {error}", path.display()))),
    }
    Ok(())
}

fn refuse_off() -> Result<(), DaemonError> {
    match Switch::from_environment()? {
        Switch::Off => Err(DaemonError::Off),
        Switch::Auto | Switch::Require => Ok(()),
    }
}

fn call(place: &DaemonPlace, method: &str, params: Option<&str>) -> Result<(), CommandFailure> {
    let mut params: Value = match params {
        Some(text) => serde_json::from_str(text)
            .map_err(|error| CommandFailure::usage(format!("the parameters are not JSON: {error}")))?,
        None => json!({}),
    };
    refuse_off()?;
    let variables =
        if DaemonRequest::OF_ALL_VARIABLES.contains(&method) { all_of_this_process } else { of_this_process };
    // Only vx's own methods depend on the variables.
    if method.starts_with("vx/")
        && let Some(params) = params.as_object_mut()
    {
        params.entry("variables").or_insert_with(|| json!(variables()));
    }
    let answer = DaemonClient::connect(place.home(), "vx daemon call")?.call(method, &params)?;
    print::data(format_args!("{answer:#}"));
    Ok(())
}
