//! The writing half of `vxboard`: boards that are made and slots that are written, by the crate that vx itself uses.
//!
//! The names here are for the package's own modules, which give them their documentation.

mod board;
mod error;
mod fork;
mod slot;

use pyo3::prelude::*;

#[pymodule]
fn _extension(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<board::BoardWriter>()?;
    module.add_class::<slot::SlotWriter>()?;
    fork::register(module)
}
