//! The crate's errors as the package's: the same classes, texts and hints as in the pure reader.

use std::fmt::Display;
use std::path::Path;

use pyo3::prelude::*;
use vx_shm::layout::LayoutFault;
use vx_shm::{AttachError, AttachErrorKind, ReadError};

pub(crate) fn write_error(py: Python<'_>, path: &Path, what: &dyn Display, hint: Option<String>) -> PyErr {
    package_error(py, "WriteError", path, what, hint)
}

pub(crate) fn attach_error(py: Python<'_>, error: &AttachError) -> PyErr {
    let class = match &error.kind {
        AttachErrorKind::Missing => "MissingError",
        AttachErrorKind::NotAFile => "NotAFileError",
        AttachErrorKind::Layout(LayoutFault::NotABoard) => "NotABoardError",
        AttachErrorKind::Layout(LayoutFault::Length { .. } | LayoutFault::TooLong { .. }) => "LengthError",
        AttachErrorKind::Layout(LayoutFault::OtherLayout { .. }) => "OtherLayoutError",
        AttachErrorKind::Layout(LayoutFault::Feature { .. }) => "FeatureError",
        AttachErrorKind::Layout(LayoutFault::Damaged { .. }) => "DamagedError",
        AttachErrorKind::Layout(LayoutFault::NotReady) => "NotReadyError",
        _ => "AttachError",
    };
    package_error(py, class, &error.path, error, error.hint())
}

pub(crate) fn read_error(py: Python<'_>, path: &Path, error: &ReadError) -> PyErr {
    package_error(py, "ReadError", path, error, error.hint())
}

fn package_error(py: Python<'_>, class: &str, path: &Path, what: &dyn Display, hint: Option<String>) -> PyErr {
    let class = py.import("vxboard._errors").and_then(|errors| errors.getattr(class));
    match class.and_then(|class| class.call1((path.as_os_str(), what.to_string(), hint))) {
        Ok(error) => PyErr::from_value(error),
        Err(other) => other,
    }
}
