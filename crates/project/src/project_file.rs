//! Reads a project's file, and its Procfile if the file names no services.

use std::path::Path;

use super::config::Project;
use super::discover::{NAMES, ProjectError, find, find_in, text};
use super::procfile;

/// Read the nearest project file from `directory` upwards.
pub fn load(directory: &Path) -> Result<Project, ProjectError> {
    let path = find(directory).ok_or_else(|| ProjectError::Missing { from: directory.to_owned() })?;
    read(&path)
}

/// Read the project file in exactly this directory, as `--project` requires.
pub fn load_from(directory: &Path) -> Result<Project, ProjectError> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let path =
        find_in(&absolute, |_| true).ok_or_else(|| ProjectError::NotThere { directory: directory.to_owned() })?;
    read(&path)
}

/// Read this project file.
pub fn read(path: &Path) -> Result<Project, ProjectError> {
    let mut project = Project::parse(path, &text(path)?)?;
    if project.services.is_empty() && project.service_faults.is_empty() {
        project.procfile = procfile::read(&project.directory.join(procfile::FILE_NAME));
        project.services = project.procfile.iter().flat_map(|procfile| procfile.services.clone()).collect();
    }
    if path.file_name().is_some_and(|name| name == NAMES[1]) {
        project.notices.push(format!("`{}` is read under its old name; rename it to vx.toml", path.display()));
    }
    Ok(project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_wins_and_the_new_name_before_the_old() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(root.path().join("vx.toml"), "").unwrap();
        assert_eq!(find(&inner), Some(root.path().join("vx.toml")));
        std::fs::write(root.path().join("a/.vx.toml"), "").unwrap();
        assert_eq!(find(&inner), Some(root.path().join("a/.vx.toml")));
        assert_eq!(load(&inner).unwrap().notices.len(), 1);
        std::fs::write(root.path().join("a/vx.toml"), "").unwrap();
        assert_eq!(find(&inner), Some(root.path().join("a/vx.toml")));
        assert!(load(&inner).unwrap().notices.is_empty());
        assert!(matches!(load_from(&inner), Err(ProjectError::NotThere { .. })));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_place() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("vx.toml"), b"[tools]\nnode = \"\xff\"\n").unwrap();
        let error = load(root.path()).unwrap_err().to_string();
        assert!(error.contains("vx.toml:2:9: error: these bytes are not UTF-8"), "{error}");
    }

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_refused_by_that_name() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("vx.toml");
        let text = |bytes: usize| format!("#{}\n", "x".repeat(bytes - 2));
        std::fs::write(&path, text(1 << 20)).unwrap();
        assert!(read(&path).is_ok());
        std::fs::write(&path, text((1 << 20) + 1)).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, ProjectError::TooLarge { .. }) && error.to_string().contains("more than 1 MiB"));
    }
}
