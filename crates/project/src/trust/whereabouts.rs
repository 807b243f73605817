//! A project's repository, and the key under which its consent is stored.
//!
//! All worktrees of a repository share one consent: the key is made from the common git directory and the project's
//! place in the worktree. What a `.git` claims is believed only as far as nobody else could have written it: the common
//! directory must name a worktree back. With a link, or a `.git` file of another kind, the key is made from the folder
//! alone.

use std::fs;
use std::path::{Path, PathBuf};

use vx_base::digest::Algorithm;
use vx_base::files::small_file::read_small;
use vx_base::paths::repository_top;

use super::origin::origin_of;

/// Longest file of git that is read here; each holds one path.
const LONGEST_BYTES: u64 = 8 * 1024;

/// Key of a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentKey {
    /// Name of its file.
    pub file_name: String,
    /// Repository or folder, for people.
    pub shown: String,
    /// Digest of the addresses of the repository's remote `origin`; empty without one. The consent counts only for a
    /// repository with this origin.
    pub origin: String,
}

/// Where a project is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// Directory of the project, with links resolved.
    pub directory: PathBuf,
    /// Top folder of the worktree; without a repository, the project's directory.
    pub top: PathBuf,
    /// Common directory of the repository.
    pub common: Option<PathBuf>,
    /// The worktree's `.git`, if that is a file.
    pub git_file: Option<PathBuf>,
}

impl Whereabouts {
    /// Find where the project in this directory is.
    pub fn locate(directory: &Path) -> Self {
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let alone = |git_file| Self { directory: directory.clone(), top: directory.clone(), common: None, git_file };
        let Some(top) = repository_top(&directory).map(Path::to_owned) else { return alone(None) };
        let git = top.join(".git");
        match fs::symlink_metadata(&git) {
            Ok(found) if found.is_dir() => Self { common: Some(git), top, ..alone(None) },
            Ok(found) if found.is_file() => Self { common: common_of(&git), top, ..alone(Some(git)) },
            _ => Self { top, ..alone(None) },
        }
    }

    /// Directory in which git stores what belongs to this worktree, as far as that is believed.
    pub fn git_directory(&self) -> Option<PathBuf> {
        match (&self.common, &self.git_file) {
            (Some(_), Some(git_file)) => own_of(git_file),
            (common, _) => common.clone(),
        }
    }

    /// Configuration of the repository, which names its remote `origin`.
    pub fn configuration(&self) -> Option<PathBuf> {
        self.common.as_ref().map(|common| common.join("config"))
    }

    /// Make the key of the project's consent.
    pub fn key(&self) -> ConsentKey {
        let mut hasher = Algorithm::Sha256.hasher();
        let (kind, place, inside) = match &self.common {
            Some(common) => ("repository", common, self.directory.strip_prefix(&self.top).unwrap_or(Path::new(""))),
            None => ("folder", &self.directory, Path::new("")),
        };
        for text in [kind.as_bytes(), place.as_os_str().as_encoded_bytes(), inside.as_os_str().as_encoded_bytes()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        let shown = match &self.common {
            Some(common) if inside.as_os_str().is_empty() => top_of(common).to_owned(),
            Some(common) => top_of(common).join(inside),
            None => self.directory.clone(),
        };
        let origin = self.configuration().map_or_else(String::new, |file| origin_of(&file));
        ConsentKey {
            file_name: format!("{:.32}.json", hasher.finish().hex()),
            shown: shown.display().to_string(),
            origin,
        }
    }
}

/// Folder of a repository, for people.
fn top_of(common: &Path) -> &Path {
    common.parent().filter(|_| common.ends_with(".git")).unwrap_or(common)
}

/// Read the directory that this `.git` file names.
fn own_of(git_file: &Path) -> Option<PathBuf> {
    fs::canonicalize(git_file.parent()?.join(path_in(git_file)?.strip_prefix("gitdir:")?.trim())).ok()
}

/// Find the common directory of the worktree with this `.git` file, if it names this worktree back.
fn common_of(git_file: &Path) -> Option<PathBuf> {
    let own = own_of(git_file)?;
    let common = fs::canonicalize(own.join(path_in(&own.join("commondir"))?)).ok()?;
    let back = own.join(path_in(&own.join("gitdir"))?);
    let named_back = fs::canonicalize(back).ok()? == fs::canonicalize(git_file).ok()?;
    (own.parent()? == common.join("worktrees") && named_back).then_some(common)
}

/// Read the only line of one of git's files.
fn path_in(file: &Path) -> Option<String> {
    let text = String::from_utf8(read_small(file, LONGEST_BYTES)?).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned()).filter(|text| !text.is_empty())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Make a repository with worktrees beside it, as git lays them out.
    fn repository(top: &Path, worktrees: &[&str]) {
        let git = top.join("main/.git");
        fs::create_dir_all(&git).expect("a directory");
        for name in worktrees {
            let own = git.join("worktrees").join(name);
            fs::create_dir_all(&own).expect("a directory");
            fs::create_dir_all(top.join(name).join("sub")).expect("a directory");
            fs::write(own.join("commondir"), "../..\n").expect("a file");
            fs::write(own.join("gitdir"), format!("{}\n", top.join(name).join(".git").display())).expect("a file");
            fs::write(top.join(name).join(".git"), format!("gitdir: {}\n", own.display())).expect("a file");
        }
    }

    fn top() -> (tempfile::TempDir, PathBuf) {
        let top = tempfile::tempdir().expect("a directory");
        let path = fs::canonicalize(top.path()).expect("it is there");
        (top, path)
    }

    #[test]
    fn every_worktree_of_a_repository_has_its_key_and_every_project_inside_its_own() {
        let (_keep, top) = top();
        repository(&top, &["one", "two"]);
        let key = |path: &str| Whereabouts::locate(&top.join(path)).key().file_name;
        assert_eq!(key("one"), key("main"));
        assert_eq!(key("one"), key("two"));
        assert_eq!(key("one/sub"), key("two/sub"));
        assert_ne!(key("one/sub"), key("one"));
        assert_eq!(Whereabouts::locate(&top.join("one")).git_file, Some(top.join("one/.git")));
        assert_eq!(Whereabouts::locate(&top.join("main")).git_file, None);
    }

    #[test]
    fn a_worktree_that_is_not_named_back_is_a_folder() {
        let (_keep, top) = top();
        repository(&top, &["one"]);
        let main = Whereabouts::locate(&top.join("main")).key();
        fs::create_dir(top.join("evil")).expect("a directory");
        let own = top.join("main/.git/worktrees/one");
        let claims = [
            format!("gitdir: {}", own.display()),
            format!("gitdir: {}", top.join("main/.git").display()),
            format!("gitdir: {}/../worktrees/one", top.join("main/.git/worktrees").display()),
            "gitdir: ../main/.git/worktrees/one".to_owned(),
            "gitdir: /nowhere".to_owned(),
            String::new(),
        ];
        for claim in claims {
            fs::write(top.join("evil/.git"), &claim).expect("a file");
            let evil = Whereabouts::locate(&top.join("evil"));
            assert_eq!(evil.common, None, "{claim}");
            assert_ne!(evil.key(), main, "{claim}");
        }
    }

    #[test]
    fn a_git_directory_elsewhere_that_claims_the_common_one_is_not_believed() {
        let (_keep, top) = top();
        repository(&top, &["one"]);
        let own = top.join("evil/own");
        fs::create_dir_all(&own).expect("a directory");
        fs::write(top.join("evil/.git"), "gitdir: own\n").expect("a file");
        fs::write(own.join("commondir"), format!("{}\n", top.join("main/.git").display())).expect("a file");
        fs::write(own.join("gitdir"), format!("{}\n", top.join("evil/.git").display())).expect("a file");
        assert_eq!(Whereabouts::locate(&top.join("evil")).common, None);
    }

    #[test]
    fn a_link_in_place_of_a_git_directory_is_not_followed() {
        let (_keep, top) = top();
        repository(&top, &[]);
        fs::create_dir(top.join("evil")).expect("a directory");
        symlink(top.join("main/.git"), top.join("evil/.git")).expect("a link");
        let evil = Whereabouts::locate(&top.join("evil"));
        assert_eq!(evil.common, None);
        assert_ne!(evil.key(), Whereabouts::locate(&top.join("main")).key());
    }

    #[test]
    fn a_submodule_is_not_its_superproject() {
        let (_keep, top) = top();
        repository(&top, &[]);
        let module = top.join("main/.git/modules/sub");
        fs::create_dir_all(&module).expect("a directory");
        fs::create_dir(top.join("main/sub")).expect("a directory");
        fs::write(top.join("main/sub/.git"), "gitdir: ../.git/modules/sub\n").expect("a file");
        let sub = Whereabouts::locate(&top.join("main/sub"));
        assert_eq!((sub.common.clone(), sub.top.clone()), (None, top.join("main/sub")));
        assert_ne!(sub.key(), Whereabouts::locate(&top.join("main")).key());
    }
}
