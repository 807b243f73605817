//! Messages as MCP frames them on standard streams: one JSON text a line.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use vx_text::escaped;

use vx_rpc::RpcError;

/// The longest message that is accepted.
const LINE_BYTES: u64 = 1024 * 1024;
/// JSON-RPC's error code for invalid JSON.
const NO_JSON: i64 = -32700;

/// A message of the client.
#[derive(Debug, Deserialize)]
pub(super) struct McpMessage {
    pub jsonrpc: Option<String>,
    /// `None` for a notification.
    pub id: Option<Value>,
    /// `None` for an answer.
    pub method: Option<String>,
    #[serde(default)]
    pub params: Value,
}

/// The next line, without its end; `None` at the end of the input.
///
/// # Errors
/// The input cannot be read, or the line is too long for a message; such a line is skipped.
pub(super) fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<Vec<u8>, RpcError>>> {
    let mut line = Vec::new();
    input.by_ref().take(LINE_BYTES + 1).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 > LINE_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(RpcError::invalid_request(format!("a message has at most {LINE_BYTES} bytes")))));
    }
    Ok(Some(Ok(line)))
}

/// The messages in a line. An older version of the protocol sends several as an array.
pub(super) fn messages(line: &[u8]) -> Result<Vec<Result<McpMessage, RpcError>>, RpcError> {
    let value: Value = serde_json::from_slice(line).map_err(|error| RpcError {
        code: NO_JSON,
        message: format!("the line is not a message in JSON: {error}"),
        data: None,
    })?;
    let all = match value {
        Value::Array(all) if all.is_empty() => {
            return Err(RpcError::invalid_request("the array of messages is empty"));
        }
        Value::Array(all) => all,
        one => vec![one],
    };
    let read = |value| serde_json::from_value(value).map_err(|error| RpcError::invalid_request(error.to_string()));
    Ok(all.into_iter().map(read).collect())
}

/// The output to the client, shared by all calls. A message is written whole or not at all.
#[derive(Clone)]
pub(super) struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Out {
    pub(super) fn to(stream: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(stream))))
    }

    /// Answer a request.
    pub(super) fn answer(&self, id: &Value, answer: Result<Value, RpcError>) {
        self.send(&match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(fault) => json!({ "jsonrpc": "2.0", "id": id, "error": fault }),
        });
    }

    /// Send a notification.
    pub(super) fn notify(&self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&self, message: &Value) {
        // Escaped, so that a terminal that shows the line is not steered by it; its strings keep their meaning.
        let mut line = escaped(&message.to_string()).into_owned().into_bytes();
        line.push(b'\n');
        let mut stream = self.0.lock();
        // A client that no longer reads also closes its end of the input, which ends the session.
        let _ = stream.write_all(&line).and_then(|()| stream.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_one_is_read() {
        let mut bytes = vec![b'x'; 3 * 1024 * 1024];
        bytes.extend(b"\n{}\nhalf");
        let mut input = io::BufReader::new(bytes.as_slice());
        assert!(matches!(next_line(&mut input), Ok(Some(Err(_)))));
        assert_eq!(next_line(&mut input).expect("it reads").expect("a line").expect("short"), b"{}\n");
        assert_eq!(next_line(&mut input).expect("it reads").expect("a line").expect("short"), b"half");
        assert!(next_line(&mut input).expect("it reads").is_none());
    }

    #[test]
    fn what_is_no_message_is_a_fault_by_its_code() {
        assert_eq!(messages(b"{").expect_err("no JSON").code, NO_JSON);
        assert_eq!(messages(b"[]").expect_err("nothing").code, -32600);
        let several = messages(br#"[{"method":"ping","id":1},3]"#).expect("an array");
        assert!(several.len() == 2 && several[0].is_ok() && several[1].is_err());
    }
}
