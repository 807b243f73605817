//! `vx daemon events`: prints events as lines of JSON.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::doors::cli::output::failure::CommandFailure;
use crate::doors::cli::output::print;
use crate::doors::daemon::{DaemonClient, DaemonError, DaemonPlace, EventType, Since, Subscribe};

/// How long to wait for a lost daemon to come back.
const COMING_BACK: Duration = Duration::from_secs(30);
/// The time between two attempts to reach it.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// The longest wait for one event; after it the wait begins again.
const WAIT: Duration = Duration::from_secs(3600);

/// Print events until the daemon is gone for good.
pub(super) fn run(place: &DaemonPlace, types: &[String], directories: &[PathBuf]) -> Result<(), CommandFailure> {
    let wanted = |kind: &EventType| types.is_empty() || types.iter().any(|name| name == kind.name());
    let event_types: Vec<EventType> = EventType::ALL.into_iter().filter(wanted).collect();
    let named = if directories.is_empty() { vec![PathBuf::from(".")] } else { directories.to_vec() };
    let absolute = |path: PathBuf| {
        path.canonicalize()
            .map_err(|error| CommandFailure::usage(format!("the directory `{}`: {error}", path.display())))
    };
    let directories = named.into_iter().map(absolute).collect::<Result<Vec<PathBuf>, CommandFailure>>()?;
    let mut asked = Subscribe { event_types, directories, since: None };
    let mut client = DaemonClient::connect(place.home(), "vx daemon events")?;
    loop {
        match follow(&mut client, &mut asked) {
            DaemonError::Lost(_) => client = reconnected(place)?,
            other => return Err(other.into()),
        }
    }
}

/// Print events until the connection is lost; `asked` then continues after the last event.
fn follow(client: &mut DaemonClient, asked: &mut Subscribe) -> DaemonError {
    let subscribed = match client.subscribe(asked.clone()) {
        Ok(subscribed) => subscribed,
        Err(error) => return error,
    };
    if let Some(snapshot) = subscribed.snapshot {
        print::data(json!({ "seq": subscribed.seq, "event": "Resync", "data": snapshot }));
    }
    let mut since = Since { generation: subscribed.generation, seq: subscribed.seq };
    loop {
        match client.event(WAIT) {
            Ok(None) => {}
            Ok(Some(told)) => {
                since.seq = told.seq;
                asked.since = Some(since.clone());
                let mut line = json!(told.event);
                line["seq"] = told.seq.into();
                print::data(line);
            }
            Err(error) => {
                asked.since = Some(since);
                return error;
            }
        }
    }
}

fn reconnected(place: &DaemonPlace) -> Result<DaemonClient, CommandFailure> {
    let deadline = Instant::now() + COMING_BACK;
    loop {
        match DaemonClient::connect(place.home(), "vx daemon events") {
            Err(DaemonError::Absent(_) | DaemonError::Silent { .. } | DaemonError::NoSocket(_))
                if Instant::now() < deadline =>
            {
                thread::sleep(BETWEEN_TRIES);
            }
            connected => return Ok(connected?),
        }
    }
}
