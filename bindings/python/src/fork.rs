//! What a forked child does with its parent's board and slots: it lets go of them.
//!
//! A child shares the locks that show its parent alive, as long as it has the files open. So it closes them at once, and a
//! call on an inherited object is an error rather than a second writer in a slot that has one.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;
use vx_shm::ForkGuard;

/// Everything of this process that a child must let go of.
static HELD: Mutex<Vec<Weak<dyn LetGo>>> = Mutex::new(Vec::new());

thread_local! {
    /// What the thread that forks holds during the fork.
    static FORKING: RefCell<Option<ForkGuard>> = const { RefCell::new(None) };
}

trait LetGo: Send + Sync {
    fn let_go(&self);
}

/// A board or a slot of this process; empty once it has ended, and in a forked child.
pub(crate) struct Own<T>(Arc<Cell<T>>);

struct Cell<T>(Mutex<Option<T>>);

impl<T: Send + 'static> Own<T> {
    pub(crate) fn new(value: T) -> Self {
        let cell = Arc::new(Cell(Mutex::new(Some(value))));
        let weak: Weak<dyn LetGo> = Arc::downgrade(&(cell.clone() as Arc<dyn LetGo>));
        let mut held = lock(&HELD);
        held.retain(|other| other.strong_count() > 0);
        held.push(weak);
        Self(cell)
    }

    /// Calls hold the interpreter's lock from beginning to end, so that no other thread has this one during a fork.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<T>> {
        lock(&self.0.0)
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
fn before() {
    FORKING.set(Some(vx_shm::before_fork()));
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
