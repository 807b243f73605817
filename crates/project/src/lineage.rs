//! The projects that a project inherits from: those further up whose settings may count for it.
//!
//! What a project doesn't set, the nearest project above it does: tools by name, variables by name, settings by key.
//! Scripts and all other tables count only for their own project. The search ends with the user's home directory, below
//! a directory for temporary files, below a directory with another owner than the project's, and at a project with
//! `root = true` in `[project]`.

use std::path::{Path, PathBuf};

use vx_base::paths::{same_owner, user_home};
use vx_base::system::variables::ClientVariables;

use super::config::Project;
use super::discover::{self, ProjectError};
use super::project_file;

/// Where the search for projects further up ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineageBounds {
    /// Home directory of the user, with links resolved.
    pub user: Option<PathBuf>,
    /// Directories for temporary files, with links resolved.
    pub temporary: Vec<PathBuf>,
}

impl LineageBounds {
    /// Find the bounds for this user on this machine.
    pub fn of_machine() -> Self {
        let user = user_home(&ClientVariables::here());
        let temporary = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into(), "/dev/shm".into()];
        let temporary = temporary.into_iter().filter_map(|path| path.canonicalize().ok());
        Self { user: user.and_then(|user| user.canonicalize().ok()), temporary: temporary.collect() }
    }

    /// Whether this directory is above the user's home directory, where a file would affect every project of the user.
    pub fn above_home(&self, directory: &Path) -> bool {
        self.user.as_deref().is_some_and(|user| user.starts_with(directory) && user != directory)
    }

    /// Whether this directory is for temporary files, where any user could have put a file.
    pub fn is_temporary(&self, directory: &Path) -> bool {
        self.temporary.iter().any(|temporary| temporary == directory)
    }
}

/// List the projects that this project inherits from, nearest first. Each file that the answer depends on is passed to
/// `look` first; if that returns `false`, the file counts as missing.
///
/// # Errors
/// One of their files can't be used.
pub fn above(
    project: &Project,
    bounds: &LineageBounds,
    mut look: impl FnMut(&Path) -> bool,
) -> Result<Vec<Project>, ProjectError> {
    let mut found = Vec::new();
    let is_home = |directory: &Path| bounds.user.as_deref() == Some(directory);
    // Resolve links, so that `..` in a path leads up.
    let own = project.directory.canonicalize().unwrap_or_else(|_| project.directory.clone());
    if project.is_root || is_home(&own) {
        return Ok(found);
    }
    for directory in own.ancestors().skip(1) {
        if bounds.above_home(directory) || bounds.is_temporary(directory) || !same_owner(directory, &own) {
            break;
        }
        let read = discover::find_in(directory, &mut look).map(|path| project_file::read(&path)).transpose()?;
        let is_root = read.as_ref().is_some_and(|project| project.is_root);
        found.extend(read);
        if is_root || is_home(directory) {
            break;
        }
    }
    Ok(found)
}

/// Whether one of these nearer projects declares a tool of this name. Then its declaration counts, even if it wants the
/// tool only on other systems.
pub fn speaks_about(nearer: &[&Project], tool: &str, same: impl Fn(&str, &str) -> bool) -> bool {
    nearer.iter().flat_map(|near| &near.tools).any(|near| same(&near.name, tool))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Names the directories, relative to `top`, whose projects the project in `from` inherits from.
    fn names(top: &Path, from: &str, bounds: &LineageBounds) -> Vec<String> {
        let project = project_file::load(&top.join(from)).expect("a project");
        let found = above(&project, bounds, |_| true).expect("good files");
        found.iter().map(|project| project.directory.strip_prefix(top).expect("below").display().to_string()).collect()
    }

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let keep = tempfile::tempdir().expect("a directory");
        let top = keep.path().canonicalize().expect("it is there");
        for (place, text) in files {
            fs::create_dir_all(top.join(place)).expect("a directory");
            fs::write(top.join(place).join("vx.toml"), text).expect("a file");
        }
        (keep, top)
    }

    #[test]
    fn the_search_goes_up_to_the_home_and_no_further() {
        let (_keep, top) = tree(&[("", ""), ("user", ""), ("user/repo", ""), ("user/repo/a/b", "")]);
        let bounds = |user: &str| LineageBounds { user: Some(top.join(user)), temporary: vec![top.clone()] };
        assert_eq!(names(&top, "user/repo/a/b", &bounds("user")), ["user/repo", "user"]);
        assert_eq!(names(&top, "user", &bounds("user")), Vec::<String>::new());
        let outside = LineageBounds { user: Some(top.join("user/other/home")), temporary: Vec::new() };
        assert_eq!(names(&top, "user/repo/a/b", &outside), ["user/repo"], "what lies above the home reaches others");
        let temporary = LineageBounds { user: None, temporary: vec![top.join("user")] };
        assert_eq!(names(&top, "user/repo/a/b", &temporary), ["user/repo"]);
    }

    #[test]
    fn a_root_inherits_nothing_and_gives_what_it_has() {
        let (_keep, top) =
            tree(&[("", ""), ("a", "[project]\nroot = true\n"), ("a/b", ""), ("c", "[project]\nroot = \".\"\n")]);
        let bounds = LineageBounds { user: None, temporary: vec![top.parent().expect("a directory").to_owned()] };
        assert_eq!(names(&top, "a/b", &bounds), ["a"]);
        assert_eq!(names(&top, "a", &bounds), Vec::<String>::new());
        assert_eq!(names(&top, "c", &bounds), [""], "another value belongs to another program");
        assert_eq!(project_file::load(&top.join("c")).expect("good").warnings.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_of_another_owner_ends_the_search() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let (_keep, top) = tree(&[("", ""), ("a", ""), ("a/b", "")]);
        let bounds = LineageBounds { user: None, temporary: vec![top.clone()] };
        assert_eq!(names(&top, "a/b", &bounds), ["a"]);
        std::os::unix::fs::chown(top.join("a"), Some(65_534), None).expect("root may");
        assert_eq!(names(&top, "a/b", &bounds), Vec::<String>::new());
        std::os::unix::fs::chown(top.join("a/b"), Some(65_534), None).expect("root may");
        assert_eq!(names(&top, "a/b", &bounds), ["a"], "a checkout of another user is one");
    }

    #[test]
    fn a_broken_file_further_up_is_an_error() {
        let (_keep, top) = tree(&[("", "tools = "), ("a", "")]);
        let project = project_file::load(&top.join("a")).expect("a project");
        assert!(above(&project, &LineageBounds::default(), |_| true).is_err());
    }

    #[test]
    fn a_nearer_project_has_the_word_on_a_tool_whole() {
        let (_keep, top) = tree(&[
            ("", "[tools]\nnode = \"20\"\nuv = \"1\"\n"),
            ("a", "[tools]\nnode = { version = \"22\", os = [\"windows\"] }\n"),
        ]);
        let read = |place: &str| project_file::load(&top.join(place)).expect("a project");
        let (near, far) = (read("a"), read(""));
        let spoken = far.tools.iter().map(|ask| speaks_about(&[&near], &ask.name, |one, other| one == other));
        assert_eq!(spoken.collect::<Vec<_>>(), [true, false]);
    }
}
