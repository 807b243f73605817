//! The events that are sent to programs, each with the name and the parameters of its notification.

use serde_json::{Value, json};

use super::log::LogEntry;
use crate::serving::devserver::state::{BuildError, DevServerState};

/// The name of the notification with a new state.
pub const EVENT_DEV_SERVER_STATUS: &str = "plugin/devserver/status";
/// The name of the notification with log entries.
pub const EVENT_DEV_SERVER_LOG: &str = "plugin/devserver/log";
/// The name of the notification with the errors of a build.
pub const EVENT_DEV_SERVER_ERROR: &str = "plugin/devserver/error";

/// A change at a development server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DevServerEvent {
    /// At least one field of its state has changed.
    Status(DevServerState),
    /// New log entries.
    Log(Vec<LogEntry>),
    /// The errors of a build of this plugin; an empty list once the next build succeeds.
    Errors(String, Vec<BuildError>),
}

impl DevServerEvent {
    /// The name of its notification.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => EVENT_DEV_SERVER_STATUS,
            Self::Log(_) => EVENT_DEV_SERVER_LOG,
            Self::Errors(..) => EVENT_DEV_SERVER_ERROR,
        }
    }

    /// The parameters of its notification.
    pub fn params(&self) -> Value {
        match self {
            Self::Status(state) => json!(state),
            Self::Log(entries) => json!(entries),
            Self::Errors(id, errors) => json!([id, errors]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_have_the_names_and_the_shapes_of_the_contract() {
        let error = BuildError { file: "main.go".into(), line: 3, column: 4, message: "undefined: x".into() };
        let errors = DevServerEvent::Errors("foo".into(), vec![error]);
        let expected = r#"["foo",[{"column":4,"file":"main.go","line":3,"message":"undefined: x"}]]"#;
        assert_eq!((errors.name(), errors.params().to_string().as_str()), (EVENT_DEV_SERVER_ERROR, expected));
        assert_eq!(DevServerEvent::Errors("foo".into(), vec![]).params().to_string(), r#"["foo",[]]"#);
        assert_eq!(DevServerEvent::Log(vec![]).params().to_string(), "[]");
        let status = DevServerEvent::Status(DevServerState { plugin_id: "foo".into(), ..DevServerState::default() });
        assert_eq!((status.name(), &status.params()["pluginID"]), (EVENT_DEV_SERVER_STATUS, &json!("foo")));
    }
}
