//! The top of the repository that a folder is in.
//!
//! Some users keep their settings in a repository whose top is their home directory. A project below does not count as
//! a part of that repository, or the border around the project would enclose everything that the user has.

use std::fs;
use std::path::Path;

use super::user::user_home;
use crate::system::variables::ClientVariables;

/// Finds the top of the repository around this folder: the nearest folder with a `.git` of any kind. `None` if there is
/// no such folder, or if it is the user's home directory or above it.
pub fn repository_top(folder: &Path) -> Option<&Path> {
    let home = user_home(&ClientVariables::here()).filter(|home| home.is_absolute());
    top_below(folder, home.as_deref())
}

fn top_below<'a>(folder: &'a Path, home: Option<&Path>) -> Option<&'a Path> {
    let top = folder.ancestors().find(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())?;
    let real = top.canonicalize().ok();
    let holds = |home: &Path| home.starts_with(top) || real.as_ref().is_some_and(|real| home.starts_with(real));
    let holds_home = home.is_some_and(|home| holds(home) || home.canonicalize().is_ok_and(|home| holds(&home)));
    (!holds_home).then_some(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_whose_top_holds_the_home_directory_is_around_no_project() {
        let top = tempfile::tempdir().expect("a directory");
        let home = top.path().join("home/me");
        let [project, inner] = ["dl/app", "work/shop/api"].map(|path| home.join(path));
        for folder in [&project, &inner, &home.join(".git"), &home.join("work/shop/.git")] {
            fs::create_dir_all(folder).expect("a directory");
        }
        let (shop, elsewhere) = (home.join("work/shop"), top.path().join("elsewhere"));
        for (folder, home, expected) in [
            (&project, Some(&home), None),
            (&home, Some(&home), None),
            (&inner, Some(&home), Some(&shop)),
            (&inner, Some(&shop), None),
            (&inner, Some(&inner), None),
            (&project, Some(&elsewhere), Some(&home)),
            (&project, None, Some(&home)),
        ] {
            let found = top_below(folder, home.map(|home| home.as_path()));
            assert_eq!(found, expected.map(|top| top.as_path()), "{} with {home:?}", folder.display());
        }
        fs::remove_dir(home.join("work/shop/.git")).expect("removed");
        fs::write(home.join("work/shop/.git"), "gitdir: elsewhere").expect("a file");
        assert_eq!(top_below(&inner, Some(&home)), Some(shop.as_path()), "a worktree's");
        #[cfg(unix)]
        {
            fs::remove_file(home.join("work/shop/.git")).expect("removed");
            std::os::unix::fs::symlink("nowhere", home.join("work/shop/.git")).expect("a link");
            assert_eq!(top_below(&inner, Some(&home)), Some(shop.as_path()), "a link that leads nowhere");
            let other = top.path().join("other");
            std::os::unix::fs::symlink(&home, &other).expect("a link");
            assert_eq!(top_below(&project, Some(&other)), None, "a home that is named through a link");
        }
    }
}
