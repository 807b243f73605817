use super::*;
use std::os::unix::fs::symlink;

fn laid() -> (tempfile::TempDir, PathBuf) {
    let keep = tempfile::tempdir().expect("a directory");
    let top = fs::canonicalize(keep.path()).expect("it is there").join("top");
    fs::create_dir_all(top.join("api/.git")).expect("a directory");
    fs::write(top.join("api/run.sh"), "good").expect("a file");
    fs::write(top.join("api/.git/config"), "x").expect("a file");
    (keep, top)
}

fn checkout(top: &Path) -> Checkout {
    Checkout::from_whereabouts(&Whereabouts::locate(top))
}

fn file(top: &Path, path: &str) -> Option<String> {
    checkout(top).file(&top.join(path)).map(|named| named.path)
}

#[test]
fn a_link_is_followed_within_the_checkout_alone() {
    let (_keep, top) = laid();
    let outside = top.with_file_name("outside");
    fs::create_dir(&outside).expect("a directory");
    fs::write(outside.join("secret"), "x").expect("a file");
    for (link, target) in [("in", "api/run.sh"), ("out", "../outside/secret"), ("folder", "../outside"), ("up", "..")] {
        symlink(target, top.join(link)).expect("a link");
    }
    assert_eq!(file(&top, "in").as_deref(), Some("in"));
    for path in ["out", "folder/secret", "up/outside/secret", "../outside/secret", "api/.git/config", "none", "api"] {
        assert_eq!(file(&top, path), None, "{path}");
    }
    assert!(checkout(&top).folder(&top.join("folder")).is_none() && checkout(&top).names(&top.join("up")).is_empty());
    let before = checkout(&top).file(&top.join("in"));
    symlink("vx.toml", top.join("new")).and_then(|()| fs::rename(top.join("new"), top.join("in"))).expect("a link");
    fs::write(top.join("vx.toml"), "other").expect("a file");
    assert_ne!(checkout(&top).file(&top.join("in")), before, "another target");
}

#[test]
fn special_files_and_files_beyond_the_bounds_are_not_read() {
    let (_keep, top) = laid();
    symlink("/dev/zero", top.join("zero")).expect("a link");
    let fifo = std::ffi::OsString::from(top.join("fifo"));
    let made = vx_process::output(Path::new("mkfifo"), &[&fifo], &top).is_ok_and(|output| output.exit.success());
    assert!(made, "a pipe");
    fs::File::create(top.join("large")).and_then(|file| file.set_len(MOST_BYTES + 1)).expect("a sparse file");
    for path in ["zero", "fifo", "large"] {
        assert_eq!(file(&top, path), None, "{path}");
    }
    assert!(checkout(&top).folder(&top).is_none(), "a folder with a file that is too large");
    fs::remove_file(top.join("large")).expect("removed");
    assert!(checkout(&top).folder(&top).is_some(), "a pipe in a folder is named and not read");
    for number in 0..=MOST_FILES {
        fs::write(top.join("api").join(number.to_string()), "").expect("a file");
    }
    assert!(checkout(&top).folder(&top.join("api")).is_none(), "too many files");
}

#[test]
fn a_folder_without_an_index_is_all_of_its_files_and_each_change_counts() {
    let (_keep, top) = laid();
    let folder = || checkout(&top).folder(&top.join("api")).expect("a folder");
    let before = folder();
    assert_eq!(before.kind, NamedKind::Whole { files: 1 });
    fs::write(top.join("api/.git/config"), "other").expect("a file");
    assert_eq!(folder(), before, "what git keeps for itself");
    let changes: [fn(&Path); 4] = [
        |api| fs::write(api.join("run.sh"), "evil").expect("a file"),
        |api| fs::write(api.join("new.sh"), "").expect("a file"),
        |api| fs::rename(api.join("new.sh"), api.join("other.sh")).expect("renamed"),
        |api| symlink("run.sh", api.join("link")).expect("a link"),
    ];
    let mut seen = vec![before];
    for change in changes {
        change(&top.join("api"));
        assert!(!seen.contains(&folder()));
        seen.push(folder());
        assert_eq!(checkout(&top).again(&folder()), Some(folder()));
    }
}

#[test]
fn a_folder_of_a_repository_is_its_tracked_files() {
    let (_keep, top) = laid();
    fs::remove_dir_all(top.join("api/.git")).expect("removed");
    let git = |words: &str| {
        let words: Vec<&std::ffi::OsStr> = words.split(' ').map(std::ffi::OsStr::new).collect();
        vx_process::output(Path::new("git"), &words, &top).is_ok_and(|output| output.exit.success())
    };
    if !git("init -q") {
        return;
    }
    assert!(git("add api"));
    let folder = || checkout(&top).folder(&top.join("api")).expect("a folder");
    let before = folder();
    assert_eq!(before.kind, NamedKind::Tracked { files: 1 });
    fs::write(top.join("api/untracked"), "x").expect("a file");
    assert_eq!(folder(), before);
    fs::write(top.join("api/run.sh"), "evil").expect("a file");
    let changed = folder();
    assert_ne!(changed, before);
    fs::remove_file(top.join("api/run.sh")).expect("removed");
    assert!(![before, changed].contains(&folder()), "a tracked file that is missing");
    fs::create_dir(top.join("new")).expect("a directory");
    fs::write(top.join("new/run.sh"), "x").expect("a file");
    let new = checkout(&top).folder(&top.join("new")).expect("a folder");
    assert_eq!(new.kind, NamedKind::Whole { files: 1 }, "nothing of it is tracked yet");
    let untracked = |path: &str| checkout(&top).untracked(&top.join(path));
    for path in ["new", "new/run.sh", "api/untracked"] {
        assert_eq!(untracked(path).map(|named| named.kind), Some(NamedKind::Untracked), "{path}");
    }
    symlink("../new", top.join("api/link")).expect("a link");
    assert!(git("add api"));
    for path in ["api/untracked", "api", "api/link", "API/untracked", "", "none", "../outside"] {
        assert_eq!(untracked(path), None, "{path}");
    }
    // Files of another repository come by its own pulls.
    let named = untracked("new/run.sh").expect("it is not tracked");
    let again = || checkout(&top).again(&named);
    assert_eq!(again().as_ref(), Some(&named));
    fs::create_dir(top.join("new/.git")).expect("a directory");
    assert_eq!((untracked("new/run.sh"), untracked("new"), again()), (None, None, None));
    fs::remove_dir(top.join("new/.git")).expect("removed");
    fs::remove_file(top.join("new/run.sh")).expect("removed");
    assert_eq!(again().as_ref(), Some(&named), "its program may remove it");
    fs::write(top.join("new/run.sh"), "y").expect("a file");
    assert_eq!(again().as_ref(), Some(&named), "and write to it");
    assert!(git("add new"));
    assert_eq!(again(), None, "git tracks it now");
}

#[test]
fn a_folder_that_cannot_be_read_to_its_end_for_lack_of_looks_is_not_named() {
    let (_keep, top) = laid();
    let scarce = checkout(&top);
    scarce.looks_left.set(1);
    assert_eq!(scarce.folder(&top.join("api")), None, "its files would count as missing");
    assert!(scarce.is_spent());
    let deep = checkout(&top);
    deep.looks_left.set(1);
    assert_eq!(deep.file(&top.join("x/".repeat(40))), None);
    assert!(deep.is_spent(), "a place far down costs more than one look");
}

#[test]
fn the_names_that_are_read_for_all_patterns_are_bounded() {
    let (_keep, top) = laid();
    (0..100).for_each(|number| fs::write(top.join(format!("api/{number}")), "").expect("a file"));
    let scarce = checkout(&top);
    scarce.names_left.set(150);
    let counts = [(); 3].map(|()| scarce.names(&top.join("api")).len());
    assert_eq!(counts, [102, 48, 0]);
    assert_eq!(scarce.folder(&top.join("api")), None, "listing a folder counts, too");
}
