//! A lock between the threads of this process.
//!
//! It goes on after a thread panicked with it held: what it protects is replaced whole or not at all. No crate is
//! needed for it, and a writer is to need few.

use std::sync::{MutexGuard, PoisonError};

/// A value that one thread at a time may use.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// The value, once no other thread uses it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
