//! The mistakes of a service's last build, in a file beside its log. The file exists only while the last build is a
//! failed one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vx_base::files::replace_file::replace_file;

use super::mistakes::Mistake;

/// A mistake as readers get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedMistake {
    /// The file, relative to the project's directory if it is below it; empty for a mistake that is in no file.
    pub file: String,
    /// The line, from 1; 0 without a file.
    pub line: u32,
    /// The column, from 1; 0 without a file, or if the compiler names none.
    pub column: u32,
    /// The message.
    pub message: String,
}

impl ReportedMistake {
    /// A mistake of a build in this directory of a project.
    pub(crate) fn from_mistake(mistake: &Mistake, directory: &Path, project: &Path) -> Self {
        let message = mistake.message.clone();
        let Some(place) = &mistake.place else { return Self { file: String::new(), line: 0, column: 0, message } };
        let whole = directory.join(&place.file);
        let below = whole.strip_prefix(project).ok().filter(|_| whole.exists()).and_then(Path::to_str);
        let file = below.unwrap_or(&place.file).to_owned();
        Self { file, line: place.line, column: place.column, message }
    }

    /// Write the mistake in one line, as compilers do.
    pub fn line(&self) -> String {
        let first = self.message.lines().next().unwrap_or_default();
        match self.file.is_empty() {
            true => first.to_owned(),
            false if self.column == 0 => format!("{}:{}: {first}", self.file, self.line),
            false => format!("{}:{}:{}: {first}", self.file, self.line, self.column),
        }
    }
}

/// Name the file beside the log of a build.
pub(crate) fn beside(log: &Path) -> PathBuf {
    log.with_extension("mistakes.json")
}

/// Write the mistakes of a failed build to this file.
pub(crate) fn keep(file: &Path, mistakes: &[ReportedMistake]) -> io::Result<()> {
    let bytes = serde_json::to_vec(mistakes)?;
    replace_file(file, |writer| writer.write_all(&bytes))
}

/// Read the mistakes of the build with this log; none after a good one.
pub fn reported(log: &Path) -> Vec<ReportedMistake> {
    fs::read(beside(log)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builds::mistakes::MistakeLocation;

    #[test]
    fn the_mistakes_of_a_build_are_read_back_with_files_below_the_project() {
        let project = tempfile::tempdir().expect("a directory");
        let (directory, log) = (project.path().join("api"), project.path().join("api:build.log"));
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("main.go"), "").expect("a file");
        let at = |file: &str| Mistake {
            place: Some(MistakeLocation { file: file.to_owned(), line: 3, column: 4 }),
            message: "undefined: x\n  more".to_owned(),
        };
        let known = ReportedMistake::from_mistake(&at("main.go"), &directory, project.path());
        assert_eq!(known.line(), "api/main.go:3:4: undefined: x");
        let other = ReportedMistake::from_mistake(&at("/elsewhere/y.go"), &directory, project.path());
        assert_eq!(other.file, "/elsewhere/y.go");
        let nowhere = Mistake { place: None, message: "no module".to_owned() };
        assert_eq!(ReportedMistake::from_mistake(&nowhere, &directory, project.path()).line(), "no module");
        assert_eq!(reported(&log), []);
        keep(&beside(&log), &[known.clone(), other.clone()]).expect("it is written");
        assert_eq!(reported(&log), [known, other]);
    }
}
