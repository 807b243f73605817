//! Python's texts, not all of which are valid Unicode.

use std::borrow::Cow;
use std::ops::Deref;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// An argument. Lone surrogates, as in some file names, are replaced, so that no text makes progress fail.
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Text<'a> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = <&'a str>::extract(object) {
            return Ok(Self(Cow::Borrowed(text)));
        }
        replaced(object)
    }
}

#[cold]
fn replaced<'a>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Text<'a>> {
    Ok(Text(Cow::Owned(object.cast::<PyString>()?.to_string_lossy().into_owned())))
}
