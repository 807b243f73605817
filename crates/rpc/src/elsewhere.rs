//! Systems without Unix sockets: no process takes requests there, and clients get an error.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::CallError;
use super::message::RpcServices;

/// A server, which this system doesn't support.
#[derive(Debug)]
pub struct RpcServer(Infallible);

impl RpcServer {
    /// # Errors
    /// Always.
    pub fn start(_: &Path, _: Duration, _: impl RpcServices) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never called.
    pub fn finish(self) {
        match self.0 {}
    }
}

/// A client, which this system doesn't support.
#[derive(Debug)]
pub struct RpcClient(Infallible);

impl RpcClient {
    /// # Errors
    /// Always.
    pub fn connect(_: &Path) -> Result<Self, CallError> {
        Err(CallError::Io(io::ErrorKind::Unsupported.into()))
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn call(&mut self, _: &str, _: &Value, _: Duration) -> Result<Value, CallError> {
        match self.0 {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn notification(&mut self, _: Duration) -> Result<Option<Value>, CallError> {
        match self.0 {}
    }
}

/// Does nothing: there are no sockets.
///
/// # Errors
/// None.
pub fn remove_stale(_: &Path) -> io::Result<()> {
    Ok(())
}
