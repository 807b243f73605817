//! The compiled half of `vxboard`: makes boards, writes slots, and reads the numbers of all slots at once, with the
//! crate that vx itself uses.
//!
//! The names here are for the package's own modules, which document them.

mod board;
mod error;
mod fork;
mod outcome;
mod reader;
mod slot;
mod text;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
fn _extension(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<board::BoardWriter>()?;
    module.add_class::<slot::SlotWriter>()?;
    module.add_class::<reader::BoardReader>()?;
    module.add_function(wrap_pyfunction!(outcome::outcome, module)?)?;
    fork::register(module)
}
