//! Settings files of npm, uv and pip around a project, read once.
//!
//! What is shown to the user, compared with their consent and then used has to be the same text. So the files of the
//! project and of strangers are read here and nowhere else. Files of the user and of the system are read when they are
//! needed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vx_base::files::small_file::{read_regular, read_regular_text};
use vx_base::paths::{Borders, Foreign, SettingsOwner, foreign, leads_outside};

use super::setting_places::{environments, home, known, pip_name};

/// Most folders in which `uv.toml` is looked for, from the project's upwards.
const MOST_FOLDERS: usize = 64;

/// Settings files around a project.
#[derive(Clone, Debug, Default)]
pub struct SettingFiles {
    borders: Borders,
    directory: PathBuf,
    /// Files that need consent to count.
    found: Arc<[SettingFile]>,
    /// Whether the user has consented to them.
    agreed: bool,
}

/// A settings file of the project or of a stranger, as it was read.
#[derive(Debug)]
pub struct SettingFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Whether it is a link out of the project.
    pub leads_outside: bool,
    /// Its content, or why it can't be read.
    content: Result<Vec<u8>, (io::ErrorKind, String)>,
}

impl SettingFile {
    /// Read a file; `None` if it doesn't exist.
    fn read(path: PathBuf) -> Option<Self> {
        let content = match read_regular(&path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return None;
            }
            content => content.map_err(|error| (error.kind(), error.to_string())),
        };
        Some(Self { leads_outside: leads_outside(&path), path, content })
    }

    /// Return the content as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        self.content.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }

    fn strict_text(&self) -> io::Result<String> {
        let bytes = self.content.clone().map_err(|(kind, text)| io::Error::new(kind, text))?;
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
    }
}

impl SettingFiles {
    /// Read the files around the project in `directory`, whose repository has the root folder `top`; both are given
    /// with links resolved. `own` is the home of vx, whose files are the user's. The others count only after
    /// [`agreed`](Self::agreed).
    pub fn around(directory: &Path, top: &Path, own: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let variable: &dyn Fn(&str) -> Option<String> = &|name| variable(name).filter(|value| !value.is_empty());
        let own = home(variable).into_iter().chain([own.to_owned()]);
        let borders = Borders::new(own, known(top, variable), top.to_owned());
        let uv = directory.ancestors().take(MOST_FOLDERS).map(|folder| folder.join("uv.toml"));
        let pip = environments(variable).into_iter().map(|folder| folder.join(pip_name()));
        let candidates = std::iter::once(directory.join(".npmrc")).chain(uv).chain(pip);
        let wanted = candidates.filter(|file| match borders.whose(file) {
            SettingsOwner::User | SettingsOwner::System => false,
            SettingsOwner::Project => true,
            SettingsOwner::Stranger => !is_foreign(file),
        });
        let found = wanted.filter_map(SettingFile::read).collect();
        Self { borders, directory: directory.to_owned(), found, agreed: false }
    }

    /// The same files; the project's and strangers' count if the user has agreed to them.
    #[must_use]
    pub fn agreed(self, agreed: bool) -> Self {
        Self { agreed, ..self }
    }

    /// Files that need consent to count.
    pub fn found(&self) -> &[SettingFile] {
        &self.found
    }

    /// `.npmrc` of the project's directory, if it counts.
    pub(crate) fn npm_of_project(&self) -> Option<PathBuf> {
        Some(self.directory.join(".npmrc")).filter(|file| self.counts(file))
    }

    /// Each `uv.toml` from the project's directory upwards that counts.
    pub(crate) fn uv_upwards(&self) -> impl Iterator<Item = PathBuf> {
        let files = self.directory.ancestors().take(MOST_FOLDERS).map(|folder| folder.join("uv.toml"));
        files.filter(|file| self.counts(file))
    }

    /// Read a settings file.
    ///
    /// # Errors
    /// The file can't be read, isn't text, or doesn't count.
    pub(crate) fn read(&self, file: &Path) -> io::Result<String> {
        match self.kept(file) {
            Some(kept) if self.agreed => kept.strict_text(),
            _ if self.borders.whose(file).is_trusted() => read_regular_text(file),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn counts(&self, file: &Path) -> bool {
        self.borders.whose(file).is_trusted() || self.agreed && self.kept(file).is_some()
    }

    fn kept(&self, file: &Path) -> Option<&SettingFile> {
        self.found.iter().find(|kept| kept.path == file)
    }
}

/// Whether somebody else controls the file: the user can't consent to what others write there next.
fn is_foreign(file: &Path) -> bool {
    foreign(file).is_some() || file.parent().is_some_and(|folder| foreign(folder) == Some(Foreign::Writable))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A home directory with a project in one of its folders, and a `uv.toml` in each.
    struct Layout {
        _keep: tempfile::TempDir,
        home: PathBuf,
    }

    impl Layout {
        fn new() -> Self {
            let keep = tempfile::tempdir().expect("a directory");
            let home = keep.path().canonicalize().expect("it is there").join("user");
            fs::create_dir_all(home.join("dl/app")).expect("directories");
            for place in ["", "user", "user/dl", "user/dl/app"] {
                let file = home.parent().expect("a directory").join(place).join("uv.toml");
                fs::write(file, format!("index-url = \"http://{}.invalid\"", place.len())).expect("a file");
            }
            Self { _keep: keep, home }
        }

        fn around(&self, project: &str) -> SettingFiles {
            let directory = self.home.join(project);
            let variable = |name: &str| (name == "HOME").then(|| self.home.display().to_string());
            SettingFiles::around(&directory, &directory, &self.home.join(".vx"), &variable)
        }

        /// Files that count, relative to the parent of the home.
        fn counted(&self, files: &SettingFiles) -> Vec<String> {
            let top = self.home.parent().expect("a directory");
            let inside = |file: PathBuf| Some(file.strip_prefix(top).ok()?.display().to_string());
            files.uv_upwards().filter_map(inside).collect()
        }
    }

    #[test]
    fn without_consent_only_the_file_in_the_home_itself_counts() {
        let layout = Layout::new();
        let files = layout.around("dl/app");
        assert_eq!(layout.counted(&files), ["user/uv.toml"]);
        let all = ["user/dl/app/uv.toml", "user/dl/uv.toml", "user/uv.toml", "uv.toml"];
        assert_eq!(layout.counted(&files.agreed(true)), all);
        assert_eq!(layout.counted(&layout.around("")), ["user/uv.toml"], "a project in the home itself");
    }

    #[test]
    fn what_was_read_is_what_is_used_whatever_the_file_holds_later() {
        let layout = Layout::new();
        let file = layout.home.join("dl/app/uv.toml");
        let (withheld, agreed) = (layout.around("dl/app"), layout.around("dl/app").agreed(true));
        let before = fs::read_to_string(&file).expect("its text");
        fs::write(&file, "index-url = \"http://evil.invalid\"").expect("a file");
        assert_eq!(agreed.read(&file).expect("it counts"), before);
        assert!(withheld.read(&file).is_err());
        // A file that wasn't there when consent was asked for doesn't count later.
        let late = layout.home.join("dl/app/.npmrc");
        fs::write(&late, "registry=http://evil.invalid").expect("a file");
        assert!(agreed.read(&late).is_err() && agreed.npm_of_project().is_none());
    }

    #[test]
    fn a_strangers_file_that_others_may_change_never_counts() {
        let layout = Layout::new();
        let agreed = || layout.counted(&layout.around("dl/app").agreed(true));
        let (folder, file) = (layout.home.join("dl"), layout.home.join("dl/uv.toml"));
        for (path, mode) in [(&folder, 0o1777), (&file, 0o666)] {
            let before = fs::metadata(path).expect("it is there").permissions();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
            assert!(!agreed().contains(&"user/dl/uv.toml".to_owned()), "{}", path.display());
            fs::set_permissions(path, before).expect("its mode");
        }
        assert!(agreed().contains(&"user/dl/uv.toml".to_owned()));
    }
}
