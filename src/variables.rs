//! The variables that an answer depends on: those of this process, or those of the client that a daemon answers.
//!
//! A daemon's own variables are those of whoever started it, so what depends on some of them asks here. They belong to the
//! thread that answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables that a client gives with its questions.
pub const OF_CLIENTS: [&str; 3] = ["PATH", "VX_TRUST", "CI"];

thread_local! {
    static GIVEN: RefCell<Option<BTreeMap<String, String>>> = const { RefCell::new(None) };
}

/// The value of a variable.
pub fn variable(name: &str) -> Option<OsString> {
    GIVEN.with_borrow(|given| match given {
        Some(given) if OF_CLIENTS.contains(&name) => given.get(name).map(OsString::from),
        _ => std::env::var_os(name),
    })
}

/// The values that this process would give as a client.
pub fn of_this_process() -> BTreeMap<String, String> {
    let value = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    OF_CLIENTS.into_iter().filter_map(value).collect()
}

/// All variables of this process; those that are not UTF-8 are left out.
pub fn all_of_this_process() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// Answer for a client with these variables; one that is not given is not set.
pub fn answering<T>(given: BTreeMap<String, String>, answer: impl FnOnce() -> T) -> T {
    struct Before(Option<BTreeMap<String, String>>);
    impl Drop for Before {
        fn drop(&mut self) {
            GIVEN.set(self.0.take());
        }
    }
    let _before = Before(GIVEN.replace(Some(given)));
    answer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_s_variables_count_in_place_of_this_process_s_until_it_is_answered() {
        let own = variable("PATH");
        assert!(own.is_some());
        let given = BTreeMap::from([("VX_TRUST".to_owned(), "none".to_owned()), ("HOME".to_owned(), "x".to_owned())]);
        answering(given, || {
            assert_eq!((variable("PATH"), variable("VX_TRUST")), (None, Some("none".into())));
            assert_eq!(variable("HOME"), std::env::var_os("HOME"), "no client gives it");
            std::thread::spawn(move || assert_eq!(variable("PATH"), own)).join().expect("it ends");
        });
        assert_eq!(variable("PATH"), std::env::var_os("PATH"));
    }
}
