//! The variables that an answer depends on: those of this process, or those of the client that a daemon answers.
//!
//! A daemon's own variables are those of whoever started it, so what depends on some of them asks here. They belong to the
//! thread that answers. The variables that mark a process as a part of other work belong to no answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

/// Variables by their names.
type Given = BTreeMap<String, String>;

/// The variables that a client gives with every question; one of them that it does not give is not set.
pub const OF_CLIENTS: [&str; 3] = ["PATH", "VX_TRUST", "CI"];

/// The variable with the file of the board of the work that a process is a part of.
pub const WORK_BOARD: &str = "VX_BOARD";
/// The variable with the slot of that work.
pub const WORK_SLOT: &str = "VX_SLOT";
/// The variable with the tree of processes that a process is ended with.
pub const WORK_TREE: &str = "VX_TREE";

/// The variables that mark a process as a part of other work. A process that outlives the work has none of them: it would be
/// ended with it.
pub const WORK_MARKS: [&str; 3] = [WORK_BOARD, WORK_SLOT, WORK_TREE];

/// All variables of this process, but for those that mark it as a part of other work.
pub fn without_work_marks() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| !WORK_MARKS.iter().any(|mark| name == *mark))
}

thread_local! {
    static GIVEN: RefCell<Option<Arc<Given>>> = const { RefCell::new(None) };
}

/// The variables of whoever is answered here; other threads may have them, too.
#[derive(Clone, Debug)]
pub struct ClientVariables(Option<Arc<Given>>);

impl ClientVariables {
    /// Those of the client that this thread answers, else those of this process.
    pub fn here() -> Self {
        Self(GIVEN.with_borrow(Clone::clone))
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            Some(given) if given.contains_key(name) || OF_CLIENTS.contains(&name) => {
                given.get(name).map(OsString::from)
            }
            _ => std::env::var_os(name),
        }
    }
}

/// The value of a variable of whoever is answered here.
pub fn variable(name: &str) -> Option<OsString> {
    ClientVariables::here().get(name)
}

/// The values that this process would give as a client.
pub fn of_this_process() -> Given {
    let value = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    OF_CLIENTS.into_iter().filter_map(value).collect()
}

/// All variables of this process; those that are not UTF-8 are left out.
pub fn all_of_this_process() -> Given {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// Answer for a client with these variables.
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
