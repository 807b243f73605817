//! The crate's errors as the package's: `vxboard.WriteError`, with the same text and the same next step.

use std::fmt::Display;
use std::path::Path;

use pyo3::prelude::*;

pub(crate) fn write_error(py: Python<'_>, path: &Path, what: &dyn Display, hint: Option<String>) -> PyErr {
    let class = py.import("vxboard._errors").and_then(|errors| errors.getattr("WriteError"));
    match class.and_then(|class| class.call1((path.as_os_str(), what.to_string(), hint))) {
        Ok(error) => PyErr::from_value(error),
        Err(other) => other,
    }
}
