//! The user's programs for addresses and places in files.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, unbounded};
use vx_status::printed_locations::PrintedLocation;
use vx_status::source::{Opener, is_web_address};

use crate::doors::cli::interrupts::lending;
use crate::doors::cli::output::{browser, editor};

/// The user's browser, and the user's editor for files of the project in a directory.
pub(in crate::doors::cli) struct UserPrograms {
    directory: PathBuf,
    failures: (Sender<String>, Receiver<String>),
}

impl UserPrograms {
    /// For the project that this process works in.
    pub(in crate::doors::cli) fn here() -> Self {
        Self { directory: std::env::current_dir().unwrap_or_default(), failures: unbounded() }
    }
}

impl Opener for UserPrograms {
    fn open_address(&mut self, address: &str) -> Result<(), String> {
        if !is_web_address(address) {
            return Err(format!("`{}` is not a web address", vx_text::clean(address)));
        }
        browser::open(address, &self.failures.0)
    }

    fn address_failure(&mut self) -> Option<String> {
        self.failures.1.try_recv().ok()
    }

    fn open_place(&mut self, places: &[PrintedLocation]) -> Result<bool, String> {
        let ground = OpenerDirectories::for_directory(&self.directory);
        let found = places.iter().find_map(|place| Some((ground.file(&place.file)?, place)));
        let Some((file, place)) = found else { return Ok(false) };
        lending(|| editor::open(&file, place.line, place.column)).map(|()| true)
    }
}

/// The directory whose files may be opened, and the directories that a printed path may be relative to.
struct OpenerDirectories {
    root: PathBuf,
    from: Vec<PathBuf>,
}

impl OpenerDirectories {
    /// The directories of the project that this directory is in; without a project, the directory itself.
    fn for_directory(directory: &Path) -> Self {
        let file = vx_project::find(directory);
        let root = file.as_deref().and_then(Path::parent).unwrap_or(directory).to_owned();
        let mut from = vec![directory.to_owned(), root.clone()];
        // A service may have its own directory. A project file with errors adds no directories.
        let services = vx_project::load(directory).map(|project| project.services).unwrap_or_default();
        from.extend(services.iter().filter_map(|service| service.directory.as_ref()).map(|below| root.join(below)));
        Self { root, from }
    }

    /// The file at this printed path, if it lies below the root. Links are followed before that is decided: a path that
    /// a program prints must not lead out of the project.
    fn file(&self, printed: &str) -> Option<PathBuf> {
        let root = self.root.canonicalize().ok()?;
        let of = |from: &PathBuf| from.join(printed).canonicalize().ok();
        self.from.iter().filter_map(of).find(|path| path.starts_with(&root) && path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_files_below_the_project_are_found_from_its_own_directories() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().join("project").canonicalize().unwrap_or(directory.path().join("project"));
        fs::create_dir_all(root.join("web/src")).expect("directories");
        let services = "[services.web]\nrun = \"serve\"\ndirectory = \"web\"\n";
        for (file, text) in [("project/vx.toml", services), ("project/web/src/a.ts", ""), ("secret.txt", "")] {
            fs::write(directory.path().join(file), text).expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(directory.path().join("secret.txt"), root.join("link.txt")).expect("a link");
        let ground = OpenerDirectories::for_directory(&root.join("web"));
        let file = Some(root.join("web/src/a.ts").canonicalize().expect("it is there"));
        for printed in ["src/a.ts", "./src/a.ts", "web/src/a.ts", "../web/src/a.ts"] {
            assert_eq!(ground.file(printed), file, "{printed}");
        }
        assert_eq!(OpenerDirectories::for_directory(&root).file("src/a.ts"), file, "a service's own directory");
        let outside = directory.path().join("secret.txt").display().to_string();
        for printed in ["src/b.ts", "web", "", "../secret.txt", "../../secret.txt", "link.txt", &outside, "/etc/passwd"]
        {
            assert_eq!(ground.file(printed), None, "{printed}");
        }
    }
}
