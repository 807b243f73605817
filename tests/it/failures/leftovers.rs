//! Leftovers of other processes: killed holders, process ids that were reused, times from the future.

use std::fs;
use std::time::SystemTime;

use rustix::process::Signal;

use super::*;
use crate::support::registry::archive::{Entry, script, tgz};
use crate::support::sandbox::{eventually, send};

/// The number of files of the large release.
const FILES: usize = 9_000;

/// A project with a tool of many small files, and its archive.
fn many_files() -> (Sandbox, Vec<u8>) {
    let mut entries = vec![script("x/bin/hello", "1.0.0")];
    entries.extend((0..FILES).map(|number| {
        Entry::file(&format!("x/lib/part{}/file{number}", number % 90), 0o644, format!("file {number}\n"))
    }));
    // Use memory if mounting is allowed: this test is not about the speed of a busy disk.
    let sandbox = Sandbox::new().on_a_disk("size=200m").unwrap_or_else(Sandbox::new);
    let archive = tgz(&entries);
    let line = sandbox.addressed("hello", &archive, "");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    (sandbox, archive)
}

/// The number of entries in the staging directories, approximate while they grow.
fn staged(sandbox: &Sandbox) -> usize {
    let mut found = Vec::new();
    let tmp = sandbox.kept().join("tmp");
    crate::support::sandbox::files_below(&tmp, &tmp, &mut found);
    found.len()
}

#[test]
fn leftovers_of_a_holder_killed_among_nine_thousand_files_go_with_the_next_run() {
    let (sandbox, archive) = many_files();
    // The child is killed in the middle of its work even if this test is slow: the first reply never ends.
    let replies = [Reply::ok(&archive[..]).silent_after(archive.len() * 3 / 4), Reply::ok(&archive[..])];
    sandbox.registry().server().serve("/files/hello.tgz", Reply::sequence(replies));
    let running = sandbox.start("sync --plain");
    let child = eventually("it unpacks", || {
        let slot = sandbox.slot("hello")?;
        (staged(&sandbox) > FILES / 4).then(|| slot["pid"].as_u64())?
    });
    send(u32::try_from(child).expect("a process id"), Signal::KILL);
    running.finish().exits_with(1);
    let left = staged(&sandbox);
    assert!((FILES / 4..FILES).contains(&left), "{left} files are left");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.keeps_only_whole_releases();

    sync(&sandbox).succeeds();
    assert_eq!(sandbox.stored().len(), FILES + 1);
    sandbox.is_clean();
}

#[test]
fn leftovers_of_a_killed_run_go_also_with_a_run_that_has_nothing_to_do() {
    let (sandbox, _) = many_files();
    sync(&sandbox).succeeds();
    let left = sandbox.kept().join("tmp/hello-1.0.0.4194000-0/release/lib");
    fs::create_dir_all(&left).expect("directories");
    fs::write(left.join("half"), "ha").expect("a file");
    fs::write(sandbox.kept().join("tmp/hello-1.0.0.4194000-0.lock"), "").expect("a file");
    fs::write(sandbox.kept().join("locks/hello-1.0.0.lock"), "{\"pid\":4194000,\"bo").expect("a file");
    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.is_clean();
}

#[test]
fn a_reused_process_id_holds_nothing() {
    // Every file names process 1, which never ends, as its owner, but no lock is held.
    let (sandbox, offer) = one_good_one_bad();
    let said = "{\"pid\":1,\"board\":{\"path\":\"/none\",\"slot\":0,\"generation\":1},\"done\":5,\"total\":9,\
                \"quiet\":false,\"phase_number\":2}";
    for place in ["locks", "tmp/biome-2.3.4.1-0/release/bin", "cache/downloads"] {
        fs::create_dir_all(sandbox.kept().join(place)).expect("directories");
    }
    fs::write(sandbox.kept().join("locks/biome-2.3.4.lock"), said).expect("a file");
    fs::write(sandbox.kept().join("tmp/biome-2.3.4.1-0.lock"), said).expect("a file");
    fs::write(sandbox.kept().join("tmp/biome-2.3.4.1-0/release/bin/biome"), "half").expect("a file");
    let digest = crate::support::registry::digest(vx_base::digest::Algorithm::Sha512, &offer.archive);
    fs::write(sandbox.kept().join(format!("locks/{}.lock", digest.file_name())), said).expect("a file");
    let begun = Instant::now();
    next_run_is_good(&sandbox, &offer);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_clock_that_was_set_back_makes_no_difference() {
    // Pretend that a run took place in the future: the times of its files are ten years from now.
    let (sandbox, offer) = one_good_one_bad();
    sync(&sandbox).succeeds();
    let future = SystemTime::now() + Duration::from_secs(10 * 365 * 24 * 3600);
    let year = |text: &str| text.replace("installed_at = \"20", "installed_at = \"21");
    for tool in ["biome/2.3.4", "esbuild/0.27.0"] {
        let receipt = sandbox.kept().join("store").join(tool).join(".vx-receipt.toml");
        let text = fs::read_to_string(&receipt).expect("a receipt");
        assert_ne!(year(&text), text);
        fs::write(&receipt, year(&text)).expect("a receipt");
    }
    let left = sandbox.kept().join("tmp/biome-2.3.4.4194000-0");
    fs::create_dir_all(left.join("release")).expect("directories");
    let mut aged = 0;
    age(sandbox.root(), future, &mut aged);
    assert!(aged > 10, "{aged} files");

    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.is_clean();
    sandbox.vx("board ls").succeeds().prints("done");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    // A future time doesn't make cached documents of the registry fresh: a new release is found as usual.
    sandbox.registry().offer("esbuild", "0.27.1");
    sandbox.write("vx.toml", "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.1\"\n");
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.1");
    sandbox.vx("sync --plain --force").succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    sandbox.is_clean();
}

/// Set the times of all files below.
fn age(directory: &std::path::Path, time: SystemTime, aged: &mut usize) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => age(&entry.path(), time, aged),
            Ok(kind) if kind.is_file() => {
                let file = fs::File::options().append(true).open(entry.path()).expect("a file");
                file.set_modified(time).expect("a time");
                *aged += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn a_reinstall_that_fails_keeps_what_was_there() {
    let (sandbox, offer) = one_good_one_bad();
    sync(&sandbox).succeeds();
    let stored = sandbox.stored();
    // Without the list of its files, a release has to be installed again.
    let list = || sandbox.kept().join("store/biome/2.3.4/.vx-files");
    for reply in [
        Reply::status(404),
        Reply::ok(tgz(&[script("package/biome", "6.6.6")])),
        Reply::ok(offer.archive.clone()).silent_after(10_000),
    ] {
        sandbox.vx("cache clean").succeeds();
        sandbox.registry().server().serve(&offer.path, reply);
        let _ = std::fs::remove_file(list());
        sandbox.vx("sync biome --force --plain --stall-timeout 100ms").exits_with(1);
        assert_eq!(sandbox.stored(), stored);
        assert_eq!(sandbox.program_says("biome"), "2.3.4");
        sandbox.is_whole();
    }
    next_run_is_good_when_forced(&sandbox, &offer);
}

fn next_run_is_good_when_forced(sandbox: &Sandbox, offer: &crate::support::sandbox::Offer) {
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sandbox.vx("sync biome --plain --force").succeeds();
    next_run_is_good(sandbox, offer);
}
