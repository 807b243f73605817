//! How an exception ends the work that it left: not every exception is a failure.

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::PyType;
use vx_shm::SlotState;

/// Classes whose exceptions stop work on request. Both asyncio and `concurrent.futures` have a `CancelledError`.
const STOPS: [&str; 3] = ["KeyboardInterrupt", "GeneratorExit", "CancelledError"];

#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Done,
    Cancelled,
    Failed,
}

impl Outcome {
    pub(crate) fn of(error: &Bound<'_, PyAny>) -> PyResult<Self> {
        if error.is_instance_of::<PySystemExit>() {
            let code = error.getattr("code")?;
            let is_success = code.is_none() || code.eq(0).unwrap_or(false);
            return Ok(if is_success { Self::Done } else { Self::Failed });
        }
        for class in error.get_type().mro() {
            let name = class.cast::<PyType>()?.name()?;
            if STOPS.iter().any(|stop| name == *stop) {
                return Ok(Self::Cancelled);
            }
        }
        Ok(Self::Failed)
    }

    fn state(self) -> SlotState {
        match self {
            Self::Done => SlotState::Done,
            Self::Cancelled => SlotState::Cancelled,
            Self::Failed => SlotState::Failed,
        }
    }
}

/// The name of the state with which an exception ends a slot.
#[pyfunction]
pub(crate) fn outcome(error: &Bound<'_, PyAny>) -> PyResult<&'static str> {
    Ok(Outcome::of(error)?.state().name())
}
