//! Files of a project that are links to places outside of it. In a stranger's checkout, `Procfile` may be a link to the
//! user's keys, and an error that quotes the file would show them. So the target of such a link is never quoted.

use std::path::Path;

use super::{Home, repository_top};

/// Returns whether this file of a project is a link to a place outside of the project's repository, or outside of its
/// directory if it isn't in a repository. Files in the home of vx are the user's, and may link anywhere.
pub fn leads_outside(file: &Path) -> bool {
    let Ok(target) = file.canonicalize() else { return false };
    let Some(directory) = file.parent().and_then(|parent| parent.canonicalize().ok()) else { return false };
    if target.parent() == Some(&directory) {
        return false;
    }
    let is_own =
        || Home::from_environment().is_ok_and(|home| home.root().canonicalize().ok() == Some(directory.clone()));
    let top = repository_top(&directory).unwrap_or(&directory);
    !target.starts_with(top) && !is_own()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_out_of_the_repository_leads_outside() {
        let top = tempfile::tempdir().expect("a directory");
        let project = top.path().join("checkout/app");
        fs::create_dir_all(&project).expect("directories");
        fs::create_dir(top.path().join("checkout/.git")).expect("a directory");
        for file in ["secret", "checkout/shared", "checkout/app/plain"] {
            fs::write(top.path().join(file), "x").expect("a file");
        }
        for (link, target) in
            [("inner", "../shared"), ("outer", "../../secret"), ("twice", "outer"), ("gone", "nothing")]
        {
            symlink(target, project.join(link)).expect("a link");
        }
        let outside = |name: &str| leads_outside(&project.join(name));
        assert!(outside("outer") && outside("twice"));
        assert!(!outside("inner") && !outside("plain") && !outside("gone") && !outside("missing"));
        fs::remove_dir(top.path().join("checkout/.git")).expect("it goes");
        assert!(outside("inner"), "without a repository the directory is the border");
    }
}
