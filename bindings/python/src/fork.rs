//! What a forked child does with its parent's board and slots: it closes them.
//!
//! While a child has the files open, it shares the locks that show its parent alive. So it closes them at once, and a
//! call on an inherited object is an error rather than a second writer in the parent's slot.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use vx_shm::ForkGuard;

/// Everything of this process that a child must close.
static HELD: Mutex<Vec<Weak<dyn LetGo>>> = Mutex::new(Vec::new());

/// Held while a board is made or a slot taken, and by a forking thread from its first hook on. Other threads still run
/// until the fork itself; without this lock, one that takes a slot would wait for the suspended beats, and keep the
/// interpreter from forking.
static MAKING: Mutex<()> = Mutex::new(());

thread_local! {
    /// What the forking thread holds during the fork.
    static FORKING: RefCell<Option<Forking>> = const { RefCell::new(None) };
}

struct Forking {
    _beats: ForkGuard,
    _making: MutexGuard<'static, ()>,
}

trait LetGo: Send + Sync {
    fn let_go(&self);
}

/// A board or a slot of this process; empty once it has ended, and in a forked child.
pub(crate) struct Own<T: Send + 'static>(Arc<Cell<T>>);

struct Cell<T>(Mutex<Option<T>>);

impl<T: Send + 'static> Own<T> {
    /// Make a value that each forked child closes. `make` must not call Python.
    pub(crate) fn make<E>(py: Python<'_>, make: impl FnOnce() -> Result<T, E>) -> Result<Self, E> {
        let _others_wait = MAKING.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::new(Cell(Mutex::new(Some(make()?))));
        let weak: Weak<dyn LetGo> = Arc::downgrade(&(cell.clone() as Arc<dyn LetGo>));
        let mut held = lock(&HELD);
        held.retain(|other| other.strong_count() > 0);
        held.push(weak);
        Ok(Self(cell))
    }

    /// Run `act` on the value. `act` must not call Python: another thread that waits here may hold the interpreter's
    /// lock. No fork comes in between, since a fork waits for that lock or, without one, until every thread is in
    /// Python.
    #[inline]
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Option<T>) -> R) -> R {
        act(&mut lock(&self.0.0))
    }
}

impl<T: Send> LetGo for Cell<T> {
    fn let_go(&self) {
        drop(lock(&self.0).take());
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pyfunction]
fn before(py: Python<'_>) {
    py.detach(|| {
        let _making = lock(&MAKING);
        FORKING.set(Some(Forking { _beats: vx_shm::before_fork(), _making }));
    });
}

#[pyfunction]
fn in_parent() {
    FORKING.take();
}

#[pyfunction]
fn in_child() {
    FORKING.take();
    let inherited = std::mem::take(&mut *lock(&HELD));
    inherited.iter().filter_map(Weak::upgrade).for_each(|own| own.let_go());
}

/// Have Python call these hooks around each of its forks.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let hooks = pyo3::types::PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before, module)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(in_parent, module)?)?;
    hooks.set_item("after_in_child", wrap_pyfunction!(in_child, module)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}
