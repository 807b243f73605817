//! The owner of a settings file: one rule for every kind of file that a tool looks for around a project.
//!
//! Files directly in the user's home directory are the user's, as are those in the places where a tool keeps settings
//! of its user and of the system. Any other file around a project came with the project, or with a folder that somebody
//! else filled: an unpacked archive, the repository around a submodule, a directory above the home.

use std::path::{Path, PathBuf};

/// The owner of a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsOwner {
    /// The user's own.
    User,
    /// The system's, maintained by its administrator.
    System,
    /// The project's: in its folder, or further up in its repository.
    Project,
    /// A stranger's: between the home directory and the project, or outside of both.
    Stranger,
}

impl SettingsOwner {
    /// Returns whether the file counts without the user's consent.
    pub fn is_trusted(self) -> bool {
        matches!(self, Self::User | Self::System)
    }
}

/// The places that decide which owner a file has.
#[derive(Clone, Debug, Default)]
pub struct Borders {
    /// The folders in which every file is the user's, both as named and with links resolved.
    own: Vec<PathBuf>,
    /// Files in which tools keep settings of their user or of the system, each with its owner.
    known: Vec<(PathBuf, SettingsOwner)>,
    /// The top folder of the project.
    top: PathBuf,
}

impl Borders {
    /// The borders around a project with this `top` folder, whose path has no links. Files directly in `own` (the
    /// user's home directory and the home of vx) are the user's; `known` files have the owner given there.
    pub fn new(own: impl IntoIterator<Item = PathBuf>, known: Vec<(PathBuf, SettingsOwner)>, top: PathBuf) -> Self {
        let named = own.into_iter().filter(|folder| folder.is_absolute());
        let own = named.flat_map(|folder| [folder.canonicalize().ok(), Some(folder)]).flatten().collect();
        Self { own, known, top }
    }

    /// The owner of this file.
    pub fn whose(&self, file: &Path) -> SettingsOwner {
        if let Some((_, whose)) = self.known.iter().find(|(known, _)| known == file) {
            return *whose;
        }
        match file.parent() {
            Some(folder) if self.own.iter().any(|own| own == folder) => SettingsOwner::User,
            _ if file.starts_with(&self.top) => SettingsOwner::Project,
            _ => SettingsOwner::Stranger,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_home_itself_and_the_places_of_tools_are_the_users() {
        let known = vec![
            (PathBuf::from("/home/me/.config/uv/uv.toml"), SettingsOwner::User),
            (PathBuf::from("/etc/uv/uv.toml"), SettingsOwner::System),
        ];
        let whose = |top: &str, file: &str| {
            Borders::new([PathBuf::from("/home/me")], known.clone(), top.into()).whose(Path::new(file))
        };
        let project = "/home/me/dl/app";
        for (file, expected) in [
            ("/home/me/uv.toml", SettingsOwner::User),
            ("/home/me/.config/uv/uv.toml", SettingsOwner::User),
            ("/etc/uv/uv.toml", SettingsOwner::System),
            ("/home/me/dl/app/uv.toml", SettingsOwner::Project),
            ("/home/me/dl/app/sub/uv.toml", SettingsOwner::Project),
            ("/home/me/dl/uv.toml", SettingsOwner::Stranger),
            ("/home/me/dl/application/uv.toml", SettingsOwner::Stranger),
            ("/home/me/.config/uv.toml", SettingsOwner::Stranger),
            ("/home/uv.toml", SettingsOwner::Stranger),
            ("/uv.toml", SettingsOwner::Stranger),
            ("/etc/uv.toml", SettingsOwner::Stranger),
        ] {
            assert_eq!(whose(project, file), expected, "{file}");
        }
        assert_eq!(whose("/home/me", "/home/me/uv.toml"), SettingsOwner::User, "a home that is a repository");
        assert_eq!(whose("/home/me/.config", "/home/me/.config/uv/uv.toml"), SettingsOwner::User);
        assert_eq!(whose("/home/me/.config/uv/x", "/home/me/.config/uv/x/uv.toml"), SettingsOwner::Project);
        assert_eq!(whose("/srv/app", "/srv/uv.toml"), SettingsOwner::Stranger, "a project outside of the home");
    }

    #[test]
    fn without_a_home_nothing_around_a_project_is_the_users() {
        for home in [None, Some(PathBuf::from("relative")), Some(PathBuf::new())] {
            let borders = Borders::new(home, Vec::new(), "/srv/app".into());
            assert_eq!(borders.whose(Path::new("relative/uv.toml")), SettingsOwner::Stranger);
            assert_eq!(borders.whose(Path::new("/srv/uv.toml")), SettingsOwner::Stranger);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_home_behind_a_link_is_the_home() {
        let top = tempfile::tempdir().expect("a directory");
        let real = top.path().canonicalize().expect("it is there").join("real");
        std::fs::create_dir(&real).expect("a directory");
        std::os::unix::fs::symlink(&real, top.path().join("link")).expect("a link");
        let borders = Borders::new([top.path().join("link")], Vec::new(), real.join("app"));
        assert_eq!(borders.whose(&real.join("uv.toml")), SettingsOwner::User);
        assert_eq!(borders.whose(&top.path().join("link/uv.toml")), SettingsOwner::User);
    }
}
