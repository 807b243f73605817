//! The answers to one client.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use vx_base::trouble::TroubleKind;
use vx_rpc::{Notification, Params, RpcError, RpcService};
use vx_run::{log_file, logs_of};
use vx_shm::SlotView;

use super::hand::{Hand, Verb, fault};
use super::log::LogLinesPart;
use super::methods::{ControlMethod, InitializeParams, OfKey, OfLog, PROTOCOL, WorkListParams};
use super::report::ReportDocument;
use super::view::{ControlView, ReadingAge, SlotChanges};

/// The most logs that one client follows.
const LOGS: usize = 8;
/// The most lines in one answer.
const LINES: usize = 1000;

/// The session of one client: what it follows, and what was sent.
pub(super) struct ControlClientSession {
    view: Arc<ControlView>,
    hand: Arc<dyn Hand>,
    /// The number of this client.
    client: u64,
    introduced: bool,
    /// Whether it accepts notifications without asking for them.
    listens: bool,
    /// The last version of the board that was sent; `None` if the client does not follow the board.
    seen: Option<u64>,
    /// The board's state that was sent last.
    board: Option<&'static str>,
    logs: Vec<FollowedLog>,
}

struct FollowedLog {
    key: String,
    path: PathBuf,
    to: u64,
    /// Whether there was more than one message holds.
    behind: bool,
}

impl FollowedLog {
    /// The next whole lines.
    fn next(&mut self) -> Option<Notification> {
        // A log that cannot be read yet may be created later.
        let lines = LogLinesPart::read(&self.path, Some(self.to), LINES, true).ok();
        let lines = lines.filter(|lines| !lines.lines.is_empty());
        self.behind = lines.as_ref().is_some_and(|lines| lines.to < lines.size);
        let lines = lines?;
        self.to = lines.to;
        Some(Notification { method: "log/lines", params: lines.document(&self.key).to_string() })
    }
}

impl ControlClientSession {
    pub(super) fn new(view: Arc<ControlView>, hand: Arc<dyn Hand>, client: u64) -> Self {
        Self { view, hand, client, introduced: false, listens: false, seen: None, board: None, logs: Vec::new() }
    }

    fn introduce(&mut self, asked: &InitializeParams) -> Result<String, RpcError> {
        if !(asked.protocol.min..=asked.protocol.max).contains(&PROTOCOL) {
            let text = format!("this process speaks version {PROTOCOL} of the protocol");
            return Err(RpcError::work(TroubleKind::Usage.name(), text, Some("use the same version of vx".into())));
        }
        self.introduced = true;
        self.listens = asked.notifications;
        if self.listens {
            self.hand.listens(self.client);
        }
        let mut methods: Vec<String> = ControlMethod::all().map(|(name, _)| name).collect();
        methods.extend(self.hand.methods().into_iter().map(str::to_owned));
        Ok(json!({
            "protocol": PROTOCOL,
            "version": env!("CARGO_PKG_VERSION"),
            "process": self.view.runner(),
            "board": self.view.board().to_string_lossy(),
            "methods": methods,
        })
        .to_string())
    }

    fn slot(&self, key: &str) -> Result<SlotView, RpcError> {
        let missing = || {
            let text = format!("there is no work `{}` on this board", shortened(key));
            RpcError::work(TroubleKind::NotFound.name(), text, Some("`work/list` lists the work on it".into()))
        };
        self.view.slot(key).ok_or_else(missing)
    }

    /// The slot with this key, which is the work of this process.
    fn own_slot(&self, key: &str) -> Result<SlotView, RpcError> {
        let slot = self.slot(key)?;
        if slot.runner != Some(self.view.runner()) {
            let text = format!("`{}` is not the work of this process", slot.key);
            let hint = match slot.runner {
                Some(other) => format!("ask process {other}"),
                None => "no process takes requests for it".to_owned(),
            };
            return Err(RpcError::work(TroubleKind::Usage.name(), text, Some(hint)));
        }
        Ok(slot)
    }

    fn ask(&self, verb: Verb, key: &str) -> Result<String, RpcError> {
        let parts = if self.view.slot(key).is_none() { self.hand.parts(key) } else { Vec::new() };
        for part in parts.iter().skip(1) {
            self.hand.ask(verb, &self.own_slot(part)?).map_err(fault)?;
        }
        let slot = self.own_slot(parts.first().map_or(key, String::as_str))?;
        self.hand.ask(verb, &slot).map_err(fault)?;
        Ok(json!({ "key": key, "state": slot.state.name() }).to_string())
    }

    /// Write a report. A slot that has ended keeps its end.
    fn report(&self, report: &ReportDocument) -> Result<String, RpcError> {
        let slot = self.own_slot(&report.key)?;
        if !slot.state.ended() {
            self.hand.report(&slot, report).map_err(fault)?;
        }
        Ok(json!({ "key": slot.key, "state": slot.state.name() }).to_string())
    }

    fn read_log(&self, asked: &OfLog) -> Result<String, RpcError> {
        let slot = self.slot(&asked.key)?;
        let most = asked.lines.unwrap_or(LINES).min(LINES);
        let path = self.log_of(&slot);
        let lines = LogLinesPart::read(&path, asked.from, most, false).unwrap_or_else(|_| {
            // Without a file, the board itself may hold the newest lines.
            let lines = self.view.log_tail(slot.index, most);
            LogLinesPart { lines: lines.into_iter().map(|line| (0, line)).collect(), ..LogLinesPart::default() }
        });
        Ok(lines.document(&slot.key).to_string())
    }

    fn follow_log(&mut self, asked: &OfLog) -> Result<String, RpcError> {
        let slot = self.slot(&asked.key)?;
        if self.logs.len() >= LOGS {
            let text = format!("a client follows at most {LOGS} logs");
            return Err(RpcError::work(TroubleKind::Usage.name(), text, Some("open another connection".into())));
        }
        let path = self.log_of(&slot);
        let size = path.metadata().map_or(0, |found| found.len());
        let to = asked.from.unwrap_or(size).min(size);
        self.logs.push(FollowedLog { key: slot.key.clone(), path, to, behind: false });
        Ok(json!({ "key": slot.key, "from": to }).to_string())
    }

    /// Pass on a request that only this runner may know.
    fn other(&self, method: &str, params: Params<'_>) -> Result<String, RpcError> {
        if !self.introduced {
            return Err(RpcError::unknown_method(method));
        }
        self.hand.other(self.client, method, params).ok_or_else(|| RpcError::unknown_method(method))?
    }

    fn log_of(&self, slot: &SlotView) -> PathBuf {
        log_file(&logs_of(self.view.board()), &slot.key)
    }

    /// The changes on the board since the last notification.
    fn board_changes(&mut self) -> Option<Notification> {
        let changes = self.view.changes(self.seen?, ReadingAge::Shared);
        if changes.texts.is_empty() && self.board == Some(changes.board) {
            return None;
        }
        self.seen = Some(changes.version);
        self.board = Some(changes.board);
        Some(Notification { method: "work/changed", params: listed(&changes) })
    }
}

impl Drop for ControlClientSession {
    fn drop(&mut self) {
        self.hand.gone(self.client);
    }
}

/// Slots of the board, in the form of a message.
fn listed(changes: &SlotChanges) -> String {
    let SlotChanges { texts, version, board, more } = changes;
    format!(r#"{{"board":{{"state":"{board}"}},"work":[{texts}],"version":{version},"more":{more}}}"#)
}

fn shortened(key: &str) -> String {
    key.chars().take(80).collect()
}

impl RpcService for ControlClientSession {
    fn call(&mut self, method: &str, params: Params<'_>) -> Result<String, RpcError> {
        let Some(method) = ControlMethod::named(method) else { return self.other(method, params) };
        if !self.introduced && method != ControlMethod::Initialize {
            return Err(RpcError::not_initialized());
        }
        match method {
            ControlMethod::Initialize => self.introduce(&params.read()?),
            ControlMethod::List => {
                Ok(listed(&self.view.changes(params.read::<WorkListParams>()?.after, ReadingAge::New)))
            }
            ControlMethod::Ask(verb) => self.ask(verb, &params.read::<OfKey>()?.key),
            ControlMethod::Report => self.report(&params.read()?),
            ControlMethod::StopAll => self.hand.stop_all().map(|()| "{}".to_owned()).map_err(fault),
            ControlMethod::Follow => {
                self.seen = Some(params.read::<WorkListParams>()?.after);
                Ok("{}".to_owned())
            }
            ControlMethod::ReadLog => self.read_log(&params.read()?),
            ControlMethod::FollowLog => self.follow_log(&params.read()?),
        }
    }

    fn introduced(&self) -> bool {
        self.introduced
    }

    fn follows(&self) -> bool {
        self.seen.is_some() || !self.logs.is_empty() || self.listens && self.hand.notifies()
    }

    fn due(&mut self, takes: bool, end: bool) -> Vec<Notification> {
        self.view.refresh(if end { ReadingAge::New } else { ReadingAge::Shared });
        if !takes {
            return Vec::new();
        }
        let mut due: Vec<Notification> = self.board_changes().into_iter().collect();
        due.extend(self.logs.iter_mut().filter_map(FollowedLog::next));
        due.extend(if self.listens { self.hand.news(self.client) } else { Vec::new() });
        due
    }

    fn has_more(&self) -> bool {
        self.logs.iter().any(|log| log.behind)
    }

    fn more(&mut self) -> Option<Notification> {
        self.logs.iter_mut().find(|log| log.behind).and_then(FollowedLog::next)
    }
}
