//! The releases that each project wants: a small file for each project in the home, written by its last sync.
//!
//! `vx list` reads these files. A lost file does no harm: the next sync of the project writes it again.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vx_base::digest::Algorithm;
use vx_base::files::replace_file::replace_file;
use vx_base::files::small_file::read_small;
use vx_base::paths::Home;

/// The largest such file that is read: a few thousand releases.
const WANTS_BYTES: u64 = 128 * 1024;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ProjectWantedReleases {
    project: PathBuf,
    releases: Vec<WantedRelease>,
}

/// A release that a project wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WantedRelease {
    /// The tool.
    pub tool: String,
    /// The exact version.
    pub version: String,
}

/// Record the releases that this project wants: these, and the earlier ones that `keep` accepts. The file is written
/// only if that changes it.
pub fn remember(
    home: &Home,
    project: &Path,
    mut releases: Vec<WantedRelease>,
    keep: impl Fn(&WantedRelease) -> bool,
) -> io::Result<()> {
    releases.extend(read(&file(home, project)).into_iter().flat_map(|known| known.releases).filter(keep));
    releases.sort();
    releases.dedup();
    let wants = ProjectWantedReleases { project: project.to_owned(), releases };
    // JSON cannot hold a path that is not UTF-8, so such a project is left out.
    let Ok(text) = serde_json::to_vec(&wants) else { return Ok(()) };
    let path = file(home, project);
    if std::fs::read(&path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    std::fs::create_dir_all(directory(home))?;
    replace_file(&path, |file| file.write_all(&text))
}

/// The projects that want each release, by path, without projects that are gone.
pub fn wanted_by(home: &Home) -> BTreeMap<WantedRelease, Vec<PathBuf>> {
    let mut found: BTreeMap<WantedRelease, Vec<PathBuf>> = BTreeMap::new();
    for entry in std::fs::read_dir(directory(home)).into_iter().flatten().flatten() {
        let Some(wants) = read(&entry.path()).filter(|wants| wants.project.is_dir()) else { continue };
        for want in wants.releases {
            found.entry(want).or_default().push(wants.project.clone());
        }
    }
    found.values_mut().for_each(|projects| projects.sort());
    found
}

fn read(path: &Path) -> Option<ProjectWantedReleases> {
    serde_json::from_slice(&read_small(path, WANTS_BYTES)?).ok()
}

fn directory(home: &Home) -> PathBuf {
    home.root().join("projects")
}

fn file(home: &Home, project: &Path) -> PathBuf {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(project.as_os_str().as_encoded_bytes());
    directory(home).join(format!("{:.16}.json", hasher.finish().hex()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(tool: &str) -> WantedRelease {
        WantedRelease { tool: tool.into(), version: "1.0.0".into() }
    }

    #[test]
    fn releases_are_wanted_until_their_project_is_gone() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().join("home"));
        let projects: Vec<PathBuf> = ["a", "b"].iter().map(|name| top.path().join(name)).collect();
        for project in &projects {
            std::fs::create_dir(project).expect("a directory");
            remember(&home, project, vec![want("node"), want("go")], |_| false).expect("it is kept");
        }
        remember(&home, &projects[1], vec![want("node")], |_| false).expect("it is kept");
        assert_eq!(wanted_by(&home)[&want("node")], projects);
        assert_eq!(wanted_by(&home)[&want("go")], projects[..1]);
        std::fs::remove_dir(&projects[0]).expect("it goes");
        assert_eq!(wanted_by(&home).get(&want("go")), None);
    }

    #[test]
    fn a_release_that_was_not_looked_at_is_still_wanted() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().join("home"));
        remember(&home, top.path(), vec![want("node"), want("go")], |_| false).expect("it is kept");
        let newer = WantedRelease { tool: "node".into(), version: "2.0.0".into() };
        remember(&home, top.path(), vec![newer.clone()], |known| known.tool != "node").expect("it is kept");
        assert_eq!(wanted_by(&home).into_keys().collect::<Vec<_>>(), [want("go"), newer]);
    }

    #[test]
    fn a_home_without_projects_wants_nothing() {
        let top = tempfile::tempdir().expect("a directory");
        assert!(wanted_by(&Home::from_root(top.path().join("nothing"))).is_empty());
    }
}
