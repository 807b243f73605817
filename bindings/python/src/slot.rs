//! One slot that this process writes.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use vx_shm::{ClaimError, EndError, Ending, Kind, Slot, SlotState, Step, Unit};

use crate::error::write_error;
use crate::fork::Own;
use crate::outcome::Outcome;
use crate::text::Text;

/// "running" in the vocabulary of tasks.
const RUNNING: Step = Step::new(3);

#[pyclass(frozen, weakref, module = "vxboard")]
pub(crate) struct SlotWriter {
    path: PathBuf,
    key: String,
    own: Own<Slot>,
    if_left: IfLeft,
}

/// How a slot came to be left without an end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// At the ordinary end of its process.
    AtProcessEnd,
    /// Nothing references it any more, and the process goes on: an exception may have skipped its end.
    Dropped,
}

/// What happens to a slot that was left without an end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfLeft {
    /// It is lost, until the process that made its board records how this process ended.
    Lost,
    /// It is ended here, since no other process will record an end.
    Over,
}

#[pymethods]
impl SlotWriter {
    #[new]
    #[pyo3(signature = (path, key, total=None, unit=None, version="", if_left="lost"))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        key: Text<'_>,
        total: Option<u64>,
        unit: Option<&str>,
        version: &str,
        if_left: &str,
    ) -> PyResult<Self> {
        let key = key.into_string();
        let if_left = if if_left == "over" { IfLeft::Over } else { IfLeft::Lost };
        let unit = unit.map(unit_of).transpose()?;
        let begin = || {
            let mut slot = Slot::join(&path, &key, version, Kind::Task)?;
            slot.enter(RUNNING, total);
            if let Some(unit) = unit {
                slot.set_unit(unit);
            }
            Ok::<_, ClaimError>(slot)
        };
        match Own::make(py, begin) {
            Ok(own) => Ok(Self { path, key, own, if_left }),
            Err(error) => Err(write_error(py, &path, &error, error.hint())),
        }
    }

    /// Add to the finished work.
    #[pyo3(signature = (count=1, /))]
    fn advance(&self, py: Python<'_>, count: u64) -> PyResult<()> {
        self.with(py, |slot| slot.publish(slot.done().saturating_add(count)))
    }

    /// Set the finished work.
    fn publish(&self, py: Python<'_>, done: u64) -> PyResult<()> {
        self.with(py, |slot| slot.publish(done))
    }

    /// Show a line about the work under way.
    fn message(&self, py: Python<'_>, text: Text<'_>) -> PyResult<()> {
        self.with(py, |slot| slot.message(&text))
    }

    /// Add a line to the slot's log.
    fn log(&self, py: Python<'_>, line: Text<'_>) -> PyResult<()> {
        self.with(py, |slot| slot.log_line(line.as_bytes()))
    }

    /// Finished work.
    #[getter]
    fn done(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |slot| slot.done())
    }

    #[getter]
    fn total(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.with(py, |slot| slot.total())
    }

    #[setter]
    fn set_total(&self, py: Python<'_>, total: Option<u64>) -> PyResult<()> {
        self.with(py, |slot| slot.set_total(total))
    }

    #[getter]
    fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether it has not ended; false in a forked child.
    #[getter]
    fn live(&self) -> bool {
        self.own.with(|slot| slot.is_some())
    }

    /// End the slot: as done or, with a reason, as failed. A second end is ignored.
    #[pyo3(signature = (error=None, result=None))]
    fn end(&self, py: Python<'_>, error: Option<Text<'_>>, result: Option<Text<'_>>) -> PyResult<()> {
        let (error, result) = (error.map(Text::into_string), result.map(Text::into_string));
        let state = if error.is_some() { SlotState::Failed } else { SlotState::Done };
        self.finish(py, Ending { error, result, ..Ending::new(state) })
    }

    /// End the slot as stopped on request.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.finish(py, Ending::new(SlotState::Cancelled))
    }

    /// End the slot at the ordinary end of its process: as done, unless there was more to do.
    fn leave(&self, py: Python<'_>) -> PyResult<()> {
        self.leave_in_order(Left::AtProcessEnd).map_err(|error| write_error(py, &self.path, &error, error.hint()))
    }

    fn __enter__(slot: Py<Self>) -> Py<Self> {
        slot
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<Bound<'_, PyAny>>,
        error: Option<Bound<'_, PyAny>>,
        _trace: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let Some(kind) = kind else { return self.finish(py, Ending::new(SlotState::Done)) };
        match error.as_ref().map_or(Ok(Outcome::Failed), Outcome::of)? {
            Outcome::Done => self.finish(py, Ending::new(SlotState::Done)),
            Outcome::Cancelled => self.cancel(py),
            Outcome::Failed => self.finish(py, Ending::failed(reason(&kind, error.as_ref())?)),
        }
    }

    fn __repr__(&self) -> String {
        let state = if self.live() { "live" } else { "ended" };
        format!("<vxboard.SlotWriter {:?} of {}: {state}>", self.key, self.path.display())
    }
}

impl SlotWriter {
    #[inline]
    fn with<T>(&self, py: Python<'_>, act: impl FnOnce(&mut Slot) -> T) -> PyResult<T> {
        self.own.with(|slot| slot.as_mut().map(act)).ok_or_else(|| self.not_live(py))
    }

    #[cold]
    fn not_live(&self, py: Python<'_>) -> PyErr {
        let what = format!("slot `{}` has ended, or belongs to the process that forked this one", self.key);
        write_error(py, &self.path, &what, Some("take a slot of your own with `vxboard.slot`".into()))
    }

    /// End the slot by its numbers: as done if it reached its total. Without a total, it counts as done only at the end
    /// of its process.
    fn leave_in_order(&self, left: Left) -> Result<(), EndError> {
        self.own.with(|slot| {
            slot.take().map_or(Ok(()), |slot| {
                let is_done = slot.total().map_or(left == Left::AtProcessEnd, |total| slot.done() >= total);
                slot.end(Ending::new(if is_done { SlotState::Done } else { SlotState::Cancelled }))
            })
        })
    }

    fn finish(&self, py: Python<'_>, ending: Ending) -> PyResult<()> {
        let ended = self.own.with(|slot| slot.take().map_or(Ok(()), |slot| slot.end(ending)));
        ended.map_err(|error| write_error(py, &self.path, &error, error.hint()))
    }
}

impl Drop for SlotWriter {
    fn drop(&mut self) {
        if self.if_left == IfLeft::Over {
            // The board may be gone by now, and nobody could handle the error.
            let _ = self.leave_in_order(Left::Dropped);
        }
    }
}

/// The class of an exception and its text, if that can be read.
fn reason(kind: &Bound<'_, PyAny>, error: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let name: String = kind.getattr("__name__")?.extract()?;
    let text = error.and_then(|error| error.str().ok()).map(|text| text.to_string_lossy().into_owned());
    Ok(text.filter(|text| !text.is_empty()).map_or_else(|| name.clone(), |text| format!("{name}: {text}")))
}

fn unit_of(name: &str) -> PyResult<Unit> {
    let known = [Unit::Count, Unit::Bytes, Unit::Files, Unit::Permille];
    known.into_iter().find(|unit| unit.name() == name).ok_or_else(|| {
        let names = known.map(Unit::name).join(", ");
        PyValueError::new_err(format!("there is no unit `{name}`: use one of {names}"))
    })
}
