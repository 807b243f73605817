//! The key by which a project's boards are recognised.

use std::path::Path;

/// Make the key of the project in this directory: the path of the directory, links followed. A path that is not UTF-8
/// has its bytes escaped, so that two such projects have two keys.
pub fn project_key(directory: &Path) -> String {
    let real = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let escaped = || real.as_os_str().as_encoded_bytes().escape_ascii().to_string();
    real.to_str().map_or_else(escaped, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_one_key_by_whatever_path_it_is_reached() {
        let directory = tempfile::tempdir().expect("a directory");
        let project = directory.path().join("project");
        std::fs::create_dir(&project).expect("a directory");
        assert_eq!(project_key(&project), project_key(&project.join("..").join("project")));
        assert_ne!(project_key(&project), project_key(directory.path()));
    }
}
