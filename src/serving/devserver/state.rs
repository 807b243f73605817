//! The state of a development server, as programs read it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vx_shm::{Kind, Step};
use vx_status::vocabulary::{Phase, build, service};

use vx_services::ReportedMistake;

/// The state of a development server. In JSON all keys are always present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevServerState {
    /// The plugin's id.
    #[serde(rename = "pluginID")]
    pub plugin_id: String,
    /// Which program runs it.
    pub mode: DevServerMode,
    /// The plugin's directory.
    pub dev_path: String,
    /// The port of the front end; 0 if it has none.
    pub vite_port: u16,
    /// The address of the front end, as printed by vite; empty until then.
    #[serde(rename = "viteURL")]
    pub vite_url: String,
    /// The state of the front end.
    pub vite_status: DevProcessStatus,
    /// The state of the back end.
    pub go_status: DevProcessStatus,
    /// The duration of the last build, in whole nanoseconds.
    pub last_build_duration: u64,
    /// The time of the last build, whether it succeeded or failed; an empty text in JSON before the first one.
    #[serde(with = "time_or_nothing")]
    pub last_build_time: Option<Timestamp>,
    /// The last failure; empty once the next build succeeds.
    pub last_error: String,
    /// Whether the last reload succeeded; for an external server, whether its address accepts connections.
    pub grpc_connected: bool,
}

/// Which program runs a development server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DevServerMode {
    /// No program.
    #[default]
    Idle,
    /// This program, or the supervisor of the project.
    Managed,
    /// Another program.
    External,
}

/// The state of one process of a development server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DevProcessStatus {
    /// It has not been started, or waits.
    #[default]
    Idle,
    /// It was started, and does not run yet.
    Starting,
    /// It is being built, moved into place, or reloaded.
    Building,
    /// It runs, and is not known to be ready.
    Running,
    /// It is ready.
    Ready,
    /// It failed.
    Error,
    /// It was stopped.
    Stopped,
}

impl DevProcessStatus {
    /// The state at this step of a service or of its build; `last` is the state before. While it is being stopped, that
    /// state stays.
    pub fn at_phase(phase: Phase, last: Self) -> Self {
        let is = |kind, steps: &[Step]| steps.iter().any(|step| Phase::new(kind, step.number()) == phase);
        if phase.is_first() || phase.waits() && !is(Kind::Service, &[service::BACKING_OFF]) {
            return Self::Idle;
        }
        if is(Kind::Build, &[build::COMPILING, build::TRANSFERRING, build::RELOADING])
            || is(Kind::Service, &[service::BUILDING])
        {
            return Self::Building;
        }
        let table = [
            (service::STARTING, Self::Starting),
            (service::RUNNING, Self::Running),
            (service::READY, Self::Ready),
            (service::BACKING_OFF, Self::Error),
            (service::EXTERNAL, Self::Running),
        ];
        table.into_iter().find(|(step, _)| is(Kind::Service, &[*step])).map_or(last, |(_, status)| status)
    }
}

/// An error that a build reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildError {
    /// The file; empty if the error belongs to none.
    pub file: String,
    /// The line, from 1; 0 without a file.
    pub line: u32,
    /// The column, from 1; 0 without a file, or if the compiler names none.
    pub column: u32,
    /// The message.
    pub message: String,
}

impl From<ReportedMistake> for BuildError {
    fn from(ReportedMistake { file, line, column, message }: ReportedMistake) -> Self {
        Self { file, line, column, message }
    }
}

/// Writes a time as RFC 3339 in UTC, and `None` as an empty text.
mod time_or_nothing {
    use jiff::Timestamp;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_always_there_and_a_state_is_read_back() {
        let idle = concat!(
            r#"{"pluginID":"","mode":"idle","devPath":"","vitePort":0,"viteURL":"","viteStatus":"idle","goStatus":"idle","#,
            r#""lastBuildDuration":0,"lastBuildTime":"","lastError":"","grpcConnected":false}"#
        );
        assert_eq!(serde_json::to_string(&DevServerState::default()).expect("text"), idle);
        let state = DevServerState {
            mode: DevServerMode::Managed,
            vite_status: DevProcessStatus::Ready,
            go_status: DevProcessStatus::Error,
            last_build_duration: 1_500_000_001,
            last_build_time: Some("2026-11-23T11:00:00.25+01:00".parse().expect("a time")),
            ..DevServerState::default()
        };
        let text = serde_json::to_string(&state).expect("text");
        let part = r#""viteStatus":"ready","goStatus":"error","lastBuildDuration":1500000001,"#;
        assert!(text.contains(part) && text.contains(r#""lastBuildTime":"2026-11-23T10:00:00.25Z""#), "{text}");
        assert_eq!(serde_json::from_str::<DevServerState>(&text).expect("a state"), state);
    }

    #[test]
    fn every_step_of_the_vocabulary_has_a_state() {
        use DevProcessStatus::{Building, Error, Idle, Ready, Running, Starting, Stopped};
        let states = |kind, expected: &[DevProcessStatus]| {
            for (number, expected) in (0..).zip(expected) {
                let phase = Phase::new(kind, number);
                assert_eq!(DevProcessStatus::at_phase(phase, Stopped), *expected, "{phase}");
            }
        };
        states(Kind::Service, &[Idle, Idle, Building, Starting, Running, Ready, Error, Stopped, Running]);
        states(Kind::Build, &[Idle, Idle, Building, Building, Building]);
        let stopping = Phase::new(Kind::Service, service::STOPPING.number());
        assert_eq!(DevProcessStatus::at_phase(stopping, Ready), Ready, "while it is being stopped the last one stays");
    }
}
