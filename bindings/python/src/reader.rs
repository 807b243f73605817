//! The numbers of a board's slots, read by the crate: one row each, packed for an array.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vx_shm::{ReadError, Reader, SlotView, Snapshot};

use crate::error::{attach_error, read_error};

/// Bytes of a row; `_rows.py` has the same layout.
const ROW_BYTES: usize = 48;

#[pyclass(frozen, module = "vxboard")]
pub(crate) struct BoardReader {
    path: PathBuf,
    state: Mutex<(Reader, Snapshot)>,
}

#[pymethods]
impl BoardReader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let reader = Reader::open(&path).map_err(|error| attach_error(py, &error))?;
        Ok(Self { path, state: Mutex::new((reader, Snapshot::default())) })
    }

    /// A row for each slot that was ever used, each read consistently.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.read() {
            Ok(rows) => Ok(PyBytes::new(py, &rows)),
            Err(error) => Err(read_error(py, &self.path, &error)),
        }
    }
}

impl BoardReader {
    /// Must not call Python: another thread that waits here may hold the interpreter's lock.
    fn read(&self) -> Result<Vec<u8>, ReadError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, snapshot) = &mut *state;
        reader.refresh(snapshot)?;
        let mut rows = Vec::with_capacity(snapshot.slots.len() * ROW_BYTES);
        snapshot.slots.iter().for_each(|slot| put(slot, &mut rows));
        Ok(rows)
    }
}

/// Append a slot's row. An unknown total is the largest number, and an unknown process is 0.
fn put(slot: &SlotView, rows: &mut Vec<u8>) {
    let begin = rows.len();
    rows.extend(slot.index.to_le_bytes());
    rows.extend(slot.generation.to_le_bytes());
    rows.extend(slot.done.to_le_bytes());
    rows.extend(slot.total.unwrap_or(u64::MAX).to_le_bytes());
    rows.extend(slot.ended_at_ns.unwrap_or(0).to_le_bytes());
    rows.extend(slot.pid.unwrap_or(0).to_le_bytes());
    rows.extend([
        slot.state.number(),
        slot.kind.number(),
        slot.step.number(),
        slot.attempt,
        slot.unit.number(),
        slot.health.number(),
    ]);
    rows.resize(begin + ROW_BYTES, 0);
}
