//! Requests, answers and errors, and the service that answers.

#[cfg(unix)]
use std::os::fd::BorrowedFd;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use vx_text::escaped;

use super::frame::{FrameError, REQUEST_BYTES};

/// The error of a request: its code, its text, and for an error of the work the kind and the hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcError {
    /// A code defined by JSON-RPC, or −32000 for an error of the work.
    pub code: i64,
    /// The error in one line.
    pub message: String,
    /// For an error of the work: its kind and hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<RpcErrorDetails>,
}

/// The kind of an error, by which programs can decide, and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcErrorDetails {
    /// A code of `docs/failures.md`.
    pub kind: String,
    /// The next step.
    pub hint: Option<String>,
}

impl RpcError {
    const PARSE: i64 = -32700;
    const INVALID_REQUEST: i64 = -32600;
    const UNKNOWN_METHOD: i64 = -32601;
    const INVALID_PARAMS: i64 = -32602;
    const NOT_INITIALIZED: i64 = -32002;
    /// The code of an error of the work.
    pub const WORK: i64 = -32000;

    /// An error whose message can't control a terminal, whatever it quotes.
    fn with_code(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: escaped(&message.into()).into_owned(), data: None }
    }

    /// The message is not a request.
    pub fn invalid_request(why: impl Into<String>) -> Self {
        Self::with_code(Self::INVALID_REQUEST, why)
    }

    /// The bytes are not a message.
    pub(super) fn no_message(error: &FrameError) -> Self {
        let hint = || RpcErrorDetails { kind: "usage".into(), hint: Some("send less in one message".into()) };
        let data = matches!(error, FrameError::TooLong { .. }).then(hint);
        Self { data, ..Self::invalid_request(error.to_string()) }
    }

    /// There is no such method.
    pub fn unknown_method(method: &str) -> Self {
        let shown: String = method.chars().take(80).collect();
        Self::with_code(Self::UNKNOWN_METHOD, format!("there is no method `{shown}`"))
    }

    /// The parameters do not fit the method.
    pub fn invalid_params(why: impl Into<String>) -> Self {
        Self::with_code(Self::INVALID_PARAMS, why)
    }

    /// The first request must be `initialize`.
    pub fn not_initialized() -> Self {
        Self::with_code(Self::NOT_INITIALIZED, "the first request must be `initialize`")
    }

    /// The work cannot do what was requested, or not now.
    pub fn work(kind: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        let hint = hint.map(|hint| escaped(&hint).into_owned());
        Self { data: Some(RpcErrorDetails { kind: kind.to_owned(), hint }), ..Self::with_code(Self::WORK, message) }
    }
}

/// The id by which an answer refers to its request. In JSON-RPC, a message with the id `null` is a request, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(serde_json::Number),
    Text(String),
    Null,
}

/// The id and the method of a message.
#[derive(Debug, PartialEq)]
pub(super) struct RpcRequest {
    /// `None` for a notification, which has no answer.
    pub id: Option<Id>,
    pub method: String,
}

/// A request without its parameters, whose type depends on the method.
#[derive(Deserialize)]
struct Envelope {
    jsonrpc: Option<String>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Id>,
    method: Option<String>,
    #[serde(rename = "result")]
    _result: Option<IgnoredAny>,
}

/// Reads an id that is present, even if it is `null`: only a message without an id is a notification.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Id>, D::Error> {
    Id::deserialize(deserializer).map(Some)
}

impl RpcRequest {
    /// Reads the request in this message.
    pub(super) fn read(message: &[u8]) -> Result<Self, (Option<Id>, RpcError)> {
        let envelope: Envelope = serde_json::from_slice(message).map_err(|error| {
            let code = if error.is_data() { RpcError::INVALID_REQUEST } else { RpcError::PARSE };
            (None, RpcError::with_code(code, format!("not a request: {error}")))
        })?;
        match envelope {
            Envelope { jsonrpc: Some(version), id, method: Some(method), .. } if version == "2.0" => {
                Ok(Self { id, method })
            }
            Envelope { id, method: Some(_), .. } => Err((id, RpcError::invalid_request("`jsonrpc` must be `2.0`"))),
            Envelope { id, .. } => Err((id, RpcError::invalid_request("a request has a `method`"))),
        }
    }
}

/// The parameters of a request.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a>(pub(super) &'a [u8]);

impl<'a> Params<'a> {
    /// The parameters in this message.
    pub const fn in_message(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Reads the parameters as these fields. A request without parameters counts as one with empty parameters.
    ///
    /// # Errors
    /// They do not fit.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, RpcError> {
        #[derive(Deserialize)]
        #[serde(bound = "T: DeserializeOwned")]
        struct With<T> {
            params: Option<T>,
        }

        let bad = |error: serde_json::Error| RpcError::invalid_params(format!("the parameters do not fit: {error}"));
        match serde_json::from_slice::<With<T>>(self.0) {
            Ok(With { params: Some(params) }) => Ok(params),
            Ok(With { params: None }) => serde_json::from_value(json!({})).map_err(bad),
            // Read again from values, whose errors name no line and column: nobody has written the message by hand.
            Err(error) => {
                let params = serde_json::from_slice::<With<Value>>(self.0).map_err(bad)?.params.unwrap_or_default();
                serde_json::from_value::<T>(params).map_err(bad).and(Err(bad(error)))
            }
        }
    }
}

/// A message to the client that is not an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The method.
    pub method: &'static str,
    /// The parameters, as JSON.
    pub params: String,
}

impl Notification {
    pub(super) fn text(&self) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"{}","params":{}}}"#, self.method, self.params)
    }
}

/// The text of an answer.
pub(super) fn answer(id: Option<&Id>, answer: Result<String, RpcError>) -> String {
    let id = serde_json::to_string(&id).unwrap_or_else(|_| "null".into());
    match answer {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
        Err(fault) => {
            let error = json!(fault);
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
        }
    }
}

/// The text of a request.
pub(super) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// Answers the requests of one client.
pub trait RpcService: Send {
    /// The answer to a request, as JSON; its length must be bounded.
    ///
    /// # Errors
    /// The request is refused.
    fn call(&mut self, method: &str, params: Params<'_>) -> Result<String, RpcError>;

    /// Returns whether the client has introduced itself. A client that doesn't do so in time is disconnected.
    fn introduced(&self) -> bool;

    /// Returns whether the client wants notifications.
    fn follows(&self) -> bool;

    /// The notifications that are due, if the client `takes` them at the moment. Called ten times a second, even for a
    /// client that takes none, so that no change is missed; also when the bell is readable, and at the `end` until no
    /// notification is left.
    fn due(&mut self, takes: bool, end: bool) -> Vec<Notification>;

    /// Returns whether [`more`](Self::more) has something to send as soon as the client has taken everything so far.
    fn has_more(&self) -> bool {
        false
    }

    /// The next notification beyond those that [`due`](Self::due) returned.
    fn more(&mut self) -> Option<Notification> {
        None
    }

    /// A descriptor that becomes readable once something is due, for a service that should not be polled.
    /// [`due`](Self::due) has to read from it.
    #[cfg(unix)]
    fn bell(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Makes a service for each client.
pub trait RpcServices: Send + Sync + 'static {
    /// Makes the service for a new client.
    fn serve(&self) -> Box<dyn RpcService>;

    /// The largest request that is accepted, in bytes.
    fn request_bytes(&self) -> usize {
        REQUEST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str) -> (Option<Id>, i64) {
        let (id, fault) = RpcRequest::read(message.as_bytes()).expect_err(message);
        (id, fault.code)
    }

    #[test]
    fn a_bad_message_is_refused_with_the_code_of_its_fault_and_its_id_where_it_has_one() {
        let seven = || Some(Id::Number(7.into()));
        assert_eq!(fault("{"), (None, RpcError::PARSE));
        assert_eq!(fault(&"[".repeat(1000)), (None, RpcError::INVALID_REQUEST));
        assert_eq!(fault(r#"[{"jsonrpc":"2.0","id":7,"method":"x"}]"#), (None, RpcError::INVALID_REQUEST));
        assert_eq!(fault(r#"{"jsonrpc":"2.0","id":{},"method":"x"}"#), (None, RpcError::INVALID_REQUEST));
        assert_eq!(fault(r#"{"id":7,"method":"x"}"#), (seven(), RpcError::INVALID_REQUEST));
        assert_eq!(fault(r#"{"jsonrpc":"2.0","id":7}"#), (seven(), RpcError::INVALID_REQUEST));
        let good = RpcRequest::read(br#"{"jsonrpc":"2.0","id":"a","method":"x","params":[1]}"#).expect("a request");
        assert_eq!(good, RpcRequest { id: Some(Id::Text("a".into())), method: "x".into() });
        let id = |message: &str| RpcRequest::read(message.as_bytes()).expect("a request").id;
        assert_eq!(id(r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#), Some(Id::Null), "it wants an answer");
        assert_eq!(id(r#"{"jsonrpc":"2.0","method":"x"}"#), None, "it is a notification");
        assert_eq!(answer(Some(&Id::Null), Ok("1".into())), r#"{"jsonrpc":"2.0","id":null,"result":1}"#);
    }

    #[test]
    fn parameters_may_be_left_out_where_none_is_needed() {
        #[derive(Debug, Deserialize)]
        struct Optional {
            lines: Option<u32>,
        }
        #[derive(Debug, Deserialize)]
        struct Needed {
            key: String,
        }
        let read = |text: &'static str| Params(text.as_bytes()).read::<Optional>();
        assert_eq!(read("{}").expect("none").lines, None);
        assert_eq!(read(r#"{"params":{"lines":3,"more":[1]}}"#).expect("one").lines, Some(3));
        assert_eq!(read(r#"{"params":{"lines":-3}}"#).expect_err("negative").code, RpcError::INVALID_PARAMS);
        assert_eq!(Params(b"{}").read::<Needed>().expect_err("needed").code, RpcError::INVALID_PARAMS);
        assert_eq!(Params(br#"{"params":{"key":"x"}}"#).read::<Needed>().expect("there").key, "x");
    }
}
