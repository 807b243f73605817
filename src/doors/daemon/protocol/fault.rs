//! Errors of vx as the faults of the protocol.

use std::fmt::Display;
use std::path::Path;

use vx_base::trouble::{Explain, Trouble, TroubleKind};

use vx_rpc::RpcError;

/// A typed error, with its kind and the next step.
pub(in crate::doors::daemon) fn fault(error: &(impl Display + Explain)) -> RpcError {
    fault_from_trouble(Trouble::from_error(error))
}

/// An error, with its kind and the next step.
pub(in crate::doors::daemon) fn fault_from_trouble(trouble: Trouble) -> RpcError {
    RpcError::work(trouble.kind.name(), trouble.text, trouble.hint)
}

/// Check that a client has named a directory by its absolute path: the daemon's working directory is not the client's.
///
/// # Errors
/// The path is relative, or there is no such directory.
pub(in crate::doors::daemon) fn in_directory(directory: &Path) -> Result<(), RpcError> {
    if !directory.is_absolute() {
        let shown = directory.display();
        return Err(RpcError::invalid_params(format!("the parameters do not fit: `{shown}` is not an absolute path")));
    }
    if !directory.is_dir() {
        let text = format!("there is no directory `{}`", directory.display());
        return Err(fault_from_trouble(Trouble::new(TroubleKind::NotFound, text).hinted("name an existing directory")));
    }
    Ok(())
}
