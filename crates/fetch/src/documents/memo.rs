//! In-memory results of this process, so that nothing is requested twice.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{SourceError, SourceErrorKind};

/// Results by key. Threads that need the same result wait for the first thread to obtain it.
pub(crate) struct Memo<T> {
    slots: Mutex<HashMap<String, MemoSlot<T>>>,
}

/// One result, or an empty slot that is locked while a thread obtains the result.
type MemoSlot<T> = Arc<Mutex<Option<Result<Arc<T>, SourceError>>>>;

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T> Memo<T> {
    /// Return the result for this key, calling `make` if it's missing. A missing package is a result too; other
    /// failures aren't stored.
    pub(crate) fn get(&self, key: &str, make: impl FnOnce() -> Result<T, SourceError>) -> Result<Arc<T>, SourceError> {
        let slot = {
            let mut slots = self.slots.lock();
            Arc::clone(slots.entry(key.to_owned()).or_default())
        };
        let mut held = slot.lock();
        if let Some(answer) = &*held {
            return answer.clone();
        }
        let answer = make().map(Arc::new);
        let lasts = !matches!(&answer, Err(error) if error.kind != SourceErrorKind::NoSuchPackage);
        *held = lasts.then(|| answer.clone());
        answer
    }

    /// Return the result for this key, if it's already there.
    pub(crate) fn peek(&self, key: &str) -> Option<Arc<T>> {
        let slot = Arc::clone(self.slots.lock().get(key)?);
        let held = slot.lock();
        held.clone()?.ok()
    }

    /// Drop the result for this key.
    pub(crate) fn forget(&self, key: &str) {
        self.slots.lock().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_there_is_no_such_package_is_asked_once_until_it_is_forgotten() {
        let memo = Memo::default();
        let gone = || Err(SourceError::new("a", SourceErrorKind::NoSuchPackage));
        assert_eq!(memo.get("a", gone).map_err(|error| error.kind), Err(SourceErrorKind::NoSuchPackage));
        assert!(memo.get("a", || Ok(1)).is_err() && memo.peek("a").is_none());
        memo.forget("a");
        assert_eq!(memo.get("a", || Ok(1)).as_deref(), Ok(&1));
    }

    #[test]
    fn an_answer_is_got_once_and_a_failure_is_not_kept() {
        let memo = Memo::default();
        let failed = memo.get("a", || Err(SourceError::new("a", SourceErrorKind::Offline)));
        assert!(failed.is_err() && memo.peek("a").is_none());
        assert_eq!(memo.get("a", || Ok(1)).as_deref(), Ok(&1));
        assert_eq!(memo.get("a", || Ok(2)).as_deref(), Ok(&1));
        memo.forget("a");
        assert_eq!(memo.get("a", || Ok(3)).as_deref(), Ok(&3));
    }
}
