//! The user's home directory. All code asks here, so that a folder below `~` never counts as the user's for one setting
//! and as a stranger's for another.

use std::path::PathBuf;

use crate::system::variables::ClientVariables;

/// The variable that names the home directory.
const VARIABLE: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// The home directory of the client that is served: by the variable, or else by the system's list of users. Tools that
/// keep settings in it find it in the same way.
pub fn user_home(variables: &ClientVariables) -> Option<PathBuf> {
    let named = variables.get(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from);
    named.or_else(std::env::home_dir).filter(|home| !home.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::system::variables::answering;

    #[test]
    fn it_is_that_of_whoever_is_answered_and_without_a_variable_that_of_the_system() {
        let given = |home: &str| BTreeMap::from([(VARIABLE.to_owned(), home.to_owned())]);
        let home = |given| answering(given, || user_home(&ClientVariables::here()));
        assert_eq!(home(given("/home/me")), Some("/home/me".into()));
        assert_eq!(home(given("")), std::env::home_dir());
        assert_eq!(home(BTreeMap::new()), std::env::home_dir());
    }
}
