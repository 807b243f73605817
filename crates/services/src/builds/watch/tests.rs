use std::fs;
use std::io::Write;
use std::path::Path;

use super::*;

/// Time for anything to happen on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(30);

/// A watch of `**/*.go` and `go.mod` in a repository that ignores `made/`.
fn watched(scan: bool) -> (tempfile::TempDir, SourceWatcher) {
    let top = tempfile::tempdir().expect("a directory");
    for folder in [".git", "src/deep", "made", "node_modules/x"] {
        fs::create_dir_all(top.path().join(folder)).expect("a directory");
    }
    fs::write(top.path().join(".gitignore"), "made/\n").expect("a file");
    fs::write(top.path().join("src/a.go"), "one").expect("a file");
    let choice = WatchedFiles::new(top.path(), &["**/*.go".to_owned(), "go.mod".to_owned()], &[top.path().join("out")]);
    let choice = choice.expect("patterns");
    let watch = if scan { scanned(choice) } else { SourceWatcher::start(choice).expect("a watch") };
    (top, watch)
}

/// A watch that scans, as on systems that report no changes.
fn scanned(choice: WatchedFiles) -> SourceWatcher {
    let (sender, changes) = unbounded();
    let (stop, stopped) = bounded(0);
    let scan = Scan::new(choice);
    let thread = Some(thread::spawn(move || look_again(scan, &stopped, &sender)));
    #[cfg(target_os = "linux")]
    return SourceWatcher { changes, stop: Some(stop), wake: None, thread };
    #[cfg(not(target_os = "linux"))]
    return SourceWatcher { changes, stop: Some(stop), thread };
}

/// The next burst, with names below the directory.
fn burst(top: &Path, watch: &SourceWatcher) -> Vec<String> {
    let burst = watch.changes().recv_timeout(PATIENCE).expect("a burst");
    burst.iter().map(|path| path.strip_prefix(top).expect("below").to_string_lossy().into_owned()).collect()
}

/// Write a file, and others that are left out.
fn write(top: &Path, name: &str) {
    for name in ["made/x.go", "node_modules/x/x.go", ".git/x.go", "src/x.txt", name] {
        fs::write(top.join(name), "changed").expect("a file");
    }
}

#[test]
fn many_writes_are_one_burst_and_what_is_left_out_is_none() {
    let (top, watch) = watched(false);
    let start = Instant::now();
    for number in 0..50 {
        write(top.path(), &format!("src/deep/{}.go", number % 2));
    }
    let written = start.elapsed();
    let first = burst(top.path(), &watch);
    // A thread held up for longer than this may see two bursts.
    if written < QUIET / 2 {
        assert_eq!(first, ["src/deep/0.go", "src/deep/1.go"]);
        assert!(start.elapsed() >= QUIET, "it waits for quiet");
    }
    while watch.changes().recv_timeout(2 * QUIET).is_ok() {
        assert!(written >= QUIET / 2, "one burst");
    }
    write(top.path(), "go.mod");
    assert_eq!(burst(top.path(), &watch), ["go.mod"]);
}

#[test]
fn files_that_are_replaced_moved_and_removed_are_seen() {
    let (top, watch) = watched(false);
    let at = |name: &str| top.path().join(name);
    // Editors save like this: a new file takes the place of the old one.
    fs::write(at("src/.a.go.tmp"), "two").expect("a file");
    fs::rename(at("src/.a.go.tmp"), at("src/a.go")).expect("a file");
    assert_eq!(burst(top.path(), &watch), ["src/a.go"]);
    fs::remove_file(at("src/a.go")).expect("a file");
    assert_eq!(burst(top.path(), &watch), ["src/a.go"]);
}

#[test]
fn directories_that_come_later_are_watched_and_moved_ones_by_their_new_name() {
    let (top, watch) = watched(false);
    let at = |name: &str| top.path().join(name);
    fs::create_dir_all(at("new/deep")).expect("a directory");
    fs::write(at("new/deep/b.go"), "b").expect("a file");
    assert_eq!(burst(top.path(), &watch), ["new/deep/b.go"]);
    fs::rename(at("new"), at("moved")).expect("a directory");
    assert_eq!(burst(top.path(), &watch), ["moved/deep/b.go", "new"]);
    let mut file = fs::OpenOptions::new().append(true).open(at("moved/deep/b.go")).expect("a file");
    file.write_all(b"more").expect("it is written");
    assert_eq!(burst(top.path(), &watch), ["moved/deep/b.go"]);
}

#[test]
fn a_rule_that_comes_later_counts() {
    let (top, watch) = watched(false);
    fs::write(top.path().join(".gitignore"), "made/\nsrc/deep/\n").expect("a file");
    write(top.path(), "go.mod");
    assert_eq!(burst(top.path(), &watch), ["go.mod"]);
    fs::write(top.path().join("src/deep/c.go"), "c").expect("a file");
    write(top.path(), "src/a.go");
    assert_eq!(burst(top.path(), &watch), ["src/a.go"]);
}

#[test]
fn a_scan_sees_the_same_and_a_watch_ends_at_once() {
    let (top, watch) = watched(true);
    write(top.path(), "src/deep/d.go");
    assert_eq!(burst(top.path(), &watch), ["src/deep/d.go"]);
    fs::remove_file(top.path().join("src/a.go")).expect("a file");
    assert_eq!(burst(top.path(), &watch), ["src/a.go"]);
    let start = Instant::now();
    drop(watch);
    drop(watched(false));
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_root_that_is_not_there_is_scanned_until_it_is() {
    let top = tempfile::tempdir().expect("a directory");
    let root = top.path().join("later");
    let watch =
        SourceWatcher::start(WatchedFiles::new(&root, &["*".to_owned()], &[]).expect("a pattern")).expect("a watch");
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("x"), "").expect("a file");
    assert_eq!(burst(&root, &watch), ["x"]);
}
