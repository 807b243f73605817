//! Environment variables of the client: those of this process, or those of the client whose request a daemon serves.
//!
//! A daemon's own environment is that of whoever started it, so code that depends on a variable asks here. The client's
//! variables belong to the thread that serves the request. The variables that mark a process as a part of other work
//! are named here, too; no request depends on them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

/// Variables by their names.
type Given = BTreeMap<String, String>;

/// The variables that a client sends with every request; those that it does not send count as unset.
pub const OF_CLIENTS: [&str; 3] = ["PATH", "VX_TRUST", "CI"];

/// Holds the path of the board of the work that a process is a part of.
pub const WORK_BOARD: &str = "VX_BOARD";
/// Holds the slot of that work.
pub const WORK_SLOT: &str = "VX_SLOT";
/// Holds the process tree that a process belongs to; the whole tree is ended together.
pub const WORK_TREE: &str = "VX_TREE";

/// The variables that mark a process as a part of other work. A process that is to outlive the work must have none of
/// them, or it would be ended with the work.
pub const WORK_MARKS: [&str; 3] = [WORK_BOARD, WORK_SLOT, WORK_TREE];

/// All variables of this process except those that mark it as a part of other work.
pub fn without_work_marks() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| !WORK_MARKS.iter().any(|mark| name == *mark))
}

thread_local! {
    static GIVEN: RefCell<Option<Arc<Given>>> = const { RefCell::new(None) };
}

/// The variables of the client that is served; may be passed to other threads.
#[derive(Clone, Debug)]
pub struct ClientVariables(Option<Arc<Given>>);

impl ClientVariables {
    /// Variables of the client that this thread serves, else those of this process.
    pub fn here() -> Self {
        Self(GIVEN.with_borrow(Clone::clone))
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            Some(given) if given.contains_key(name) || OF_CLIENTS.contains(&name) => {
                given.get(name).map(OsString::from)
            }
            _ => std::env::var_os(name),
        }
    }
}

/// The value of a variable of the client that this thread serves.
pub fn variable(name: &str) -> Option<OsString> {
    ClientVariables::here().get(name)
}

/// The variables that this process would send as a client.
pub fn of_this_process() -> Given {
    let value = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    OF_CLIENTS.into_iter().filter_map(value).collect()
}

/// All variables of this process except those that are not UTF-8.
pub fn all_of_this_process() -> Given {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// Run `answer` for a client with these variables.
pub fn answering<T>(given: Given, answer: impl FnOnce() -> T) -> T {
    struct RestoredVariables(Option<Arc<Given>>);
    impl Drop for RestoredVariables {
        fn drop(&mut self) {
            GIVEN.set(self.0.take());
        }
    }
    let _before = RestoredVariables(GIVEN.replace(Some(Arc::new(given))));
    answer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_s_variables_count_in_place_of_this_process_s_until_it_is_answered() {
        let own = variable("PATH");
        assert!(own.is_some());
        let given =
            BTreeMap::from([("VX_TRUST".to_owned(), "none".to_owned()), ("GREETING".to_owned(), "x".to_owned())]);
        answering(given, || {
            assert_eq!((variable("PATH"), variable("VX_TRUST")), (None, Some("none".into())));
            assert_eq!(variable("GREETING"), Some("x".into()));
            assert_eq!(variable("HOME"), std::env::var_os("HOME"), "the client does not give it");
            let variables = ClientVariables::here();
            let elsewhere = move || assert_eq!((variables.get("PATH"), variable("PATH")), (None, own));
            std::thread::spawn(elsewhere).join().expect("it ends");
        });
        assert_eq!((variable("PATH"), variable("GREETING")), (std::env::var_os("PATH"), None));
    }
}
