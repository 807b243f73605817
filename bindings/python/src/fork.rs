//! What a forked child does with its parent's board and slots: it lets go of them.
//!
//! A child shares the locks that show its parent alive, as long as it has the files open. So it closes them at once, and a
//! call on an inherited object is an error rather than a second writer in a slot that has one.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use vx_shm::ForkGuard;

/// Everything of this process that a child must let go of.
static HELD: Mutex<Vec<Weak<dyn LetGo>>> = Mutex::new(Vec::new());

/// Held while a board is made or a slot taken, and by a thread that forks from its first hook on: until the fork itself others
/// run, and one that takes a slot would wait for the beats, which are held back, and keep the interpreter from forking.
static MAKING: Mutex<()> = Mutex::new(());

thread_local! {
    /// What the thread that forks holds during the fork.
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
    /// What is made here, which must not call Python, is let go of by each child.
    pub(crate) fn make<E>(py: Python<'_>, make: impl FnOnce() -> Result<T, E>) -> Result<Self, E> {
        let _others_wait = MAKING.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::new(Cell(Mutex::new(Some(make()?))));
        let weak: Weak<dyn LetGo> = Arc::downgrade(&(cell.clone() as Arc<dyn LetGo>));
        let mut held = lock(&HELD);
        held.retain(|other| other.strong_count() > 0);
        held.push(weak);
        Ok(Self(cell))
    }

    /// Do this with it, without a call of Python: no fork comes in between, as it waits for the interpreter's lock, or, where
    /// there is none, until every thread is in Python; and another thread that waits here may have that lock.
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

/// Have Python call these around each fork of its own.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let hooks = pyo3::types::PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before, module)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(in_parent, module)?)?;
    hooks.set_item("after_in_child", wrap_pyfunction!(in_child, module)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}
