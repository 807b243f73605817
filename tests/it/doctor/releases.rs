//! Faults of releases.

use std::fs;
use std::path::PathBuf;

use super::{finds_and_mends, finds_one, found, well, wrongs};
use crate::support::sandbox::Sandbox;

fn release(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("store/biome/2.3.4")
}

/// The file that is biome's program.
fn program(sandbox: &Sandbox) -> PathBuf {
    release(sandbox).join("bin/biome").canonicalize().expect("the program")
}

#[test]
fn a_changed_file_is_found_though_its_size_and_time_are_the_same() {
    let sandbox = well();
    let path = program(&sandbox);
    let modified = fs::metadata(&path).and_then(|data| data.modified()).expect("a time");
    let text = fs::read_to_string(&path).expect("a script").replace("2.3.4", "6.6.6");
    fs::write(&path, text).expect("it is written");
    fs::File::open(&path).and_then(|file| file.set_modified(modified)).expect("a time");
    sandbox.vx("doctor").exits_with(1).prints("1 file is not as installed: `biome` (changed)").prints("--fix");
    assert_eq!(wrongs(sandbox.vx("doctor --json --quick").succeeds()), [""; 0]);
    finds_and_mends(&sandbox, &["release: biome 2.3.4: ", "(changed)"]);
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}

#[test]
fn missing_files_and_programs_that_cannot_be_executed_are_found() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = well();
    fs::remove_file(release(&sandbox).join("bin/biome")).expect("it goes");
    finds_and_mends(&sandbox, &["`bin/biome` (missing)"]);
    fs::set_permissions(program(&sandbox), fs::Permissions::from_mode(0o644)).expect("a mode");
    finds_and_mends(&sandbox, &["(no longer executable)"]);
}

#[test]
fn a_release_that_a_later_vx_made_is_named_and_left_as_it_is() {
    let sandbox = well();
    let receipt = release(&sandbox).join(".vx-receipt.toml");
    let later = "layout = 2\nof = \"a later vx\"\n";
    fs::write(&receipt, later).expect("it is written");
    let text = "a later vx installed it: its receipt has layout 2";
    sandbox.vx("doctor --offline").exits_with(1).prints(text).prints("update vx");
    sandbox.vx("doctor --fix --offline").exits_with(1).prints(text);
    for words in ["sync --plain", "sync --plain --force", "x biome --version"] {
        sandbox.vx(words).exits_with(1).says("was made by a later vx: its receipt has layout 2").says("update vx");
    }
    fs::remove_file(sandbox.project().join("vx.toml")).expect("it goes");
    sandbox.vx("doctor --fix --offline").exits_with(1).prints(text);
    assert_eq!(fs::read_to_string(receipt).expect("it is there"), later);
}

#[test]
fn a_postinstall_that_hangs_does_not_hold_the_doctor_up() {
    use crate::support::registry::archive::{script, tgz};

    let sandbox = Sandbox::new();
    let tool = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), ", postinstall = \"sleep 96\"");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    sandbox.vx("lock").succeeds();
    sandbox.vx("doctor --fix --timeout 1s").exits_with(1).prints("hello 1.0.0").says("within 1000 ms");
    assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
    sandbox.vx("doctor --timeout 1s").refuses_with("--fix");
}

#[test]
fn a_directory_without_a_receipt_is_no_release() {
    let sandbox = well();
    fs::remove_file(release(&sandbox).join(".vx-receipt.toml")).expect("it goes");
    finds_and_mends(&sandbox, &["biome 2.3.4", "holds no receipt"]);
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    fs::write(release(&sandbox).join(".vx-receipt.toml"), "layout = ").expect("it is written");
    finds_and_mends(&sandbox, &["biome 2.3.4", "cannot be read"]);
}

#[test]
fn a_release_that_no_project_wants_and_that_was_never_installed_is_removed() {
    let sandbox = well();
    let planted = sandbox.home().join("store/deno/1.0.0/bin");
    fs::create_dir_all(&planted).expect("a directory");
    finds_and_mends(&sandbox, &["release: deno 1.0.0: ", "holds no receipt"]);
    assert!(!planted.exists());
}

#[test]
fn a_receipt_of_another_version_is_found() {
    let sandbox = well();
    let path = release(&sandbox).join(".vx-receipt.toml");
    let text = fs::read_to_string(&path).expect("a receipt").replace("\"2.3.4\"", "\"2.4.0\"");
    fs::write(&path, text).expect("it is written");
    finds_and_mends(&sandbox, &["release: biome 2.3.4: its receipt is for biome 2.4.0"]);
}

#[test]
fn a_list_of_files_that_is_not_the_one_of_the_receipt_is_found() {
    let sandbox = well();
    let path = release(&sandbox).join(".vx-files");
    let text = fs::read_to_string(&path).expect("a list");
    let shorter: Vec<&str> = text.lines().filter(|line| !line.ends_with("biome")).collect();
    fs::write(&path, shorter.join("\n")).expect("it is written");
    finds_and_mends(&sandbox, &["its list of files is missing or does not match its receipt"]);
}

#[test]
fn files_that_a_tool_added_to_its_release_are_advice_and_no_fault() {
    let sandbox = well();
    fs::write(release(&sandbox).join("cache"), "x").expect("it is written");
    let finished = sandbox.vx("doctor --json").succeeds();
    assert!(found(&finished, "advice").iter().any(|found| found.contains("1 file was added since: `cache`")));
}

#[test]
fn a_program_that_was_planted_into_a_release_is_found_and_left_to_its_user() {
    let sandbox = well();
    fs::write(release(&sandbox).join("bin/planted"), "#!/bin/sh\n").expect("it is written");
    let said = sandbox.vx("doctor").exits_with(1);
    said.prints("1 file was added to its programs since: `bin/planted`").prints("vx install biome@2.3.4 --force");
    sandbox.vx("doctor --fix").exits_with(1);
    assert!(release(&sandbox).join("bin/planted").exists(), "a user's own program may be what was added");
    sandbox.vx("install biome@2.3.4 --force").succeeds();
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
}

#[test]
fn a_setuid_bit_that_was_added_is_found() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = well();
    fs::set_permissions(program(&sandbox), fs::Permissions::from_mode(0o4755)).expect("a mode");
    finds_and_mends(&sandbox, &["release: biome 2.3.4: ", "(setuid or setgid)"]);
    let mode = fs::metadata(program(&sandbox)).expect("the program").permissions().mode();
    assert_eq!(mode & 0o7000, 0);
}

#[test]
fn a_file_in_the_place_of_a_release_is_found() {
    let sandbox = well();
    fs::remove_dir_all(release(&sandbox)).expect("it goes");
    fs::write(release(&sandbox), "a file").expect("it is written");
    let found = wrongs(sandbox.vx("doctor --json").exits_with(1));
    assert!(
        found.iter().any(|found| found.contains("biome 2.3.4") && found.contains("is not a directory")),
        "{found:?}"
    );
    sandbox.vx("doctor --fix").succeeds().prints("mended: ");
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    let stray = sandbox.home().join("store/deno");
    fs::write(&stray, "a file").expect("it is written");
    finds_one(&sandbox, &["release: deno: ", "is not a directory"]);
    fs::remove_file(&stray).expect("it goes");
    fs::create_dir(&stray).expect("a directory");
    fs::write(stray.join("1.0.0"), "a file").expect("it is written");
    finds_and_mends(&sandbox, &["release: deno 1.0.0: ", "is not a directory"]);
}

#[test]
fn a_damaged_archive_of_the_cache_is_found() {
    let sandbox = well();
    let cached = sandbox.home().join("cache/downloads");
    let archive = fs::read_dir(&cached).expect("a cache").flatten().next().expect("an archive").path();
    let mut bytes = fs::read(&archive).expect("an archive");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).expect("it is written");
    assert_eq!(wrongs(sandbox.vx("doctor --json --quick").succeeds()), [""; 0]);
    finds_and_mends(&sandbox, &["archive: ", "does not have the digest in its name"]);
    assert!(!archive.exists());
}

#[test]
fn a_release_that_cannot_be_installed_again_stays_as_it_is() {
    let mut sandbox = well();
    fs::write(program(&sandbox), "changed").expect("it is written");
    fs::remove_dir_all(sandbox.home().join("cache")).expect("it goes");
    sandbox.stop_registry();
    sandbox.vx("doctor --fix --offline").exits_with(1).prints("wrong: biome 2.3.4: 1 file is not as installed");
    assert_eq!(fs::read_to_string(program(&sandbox)).expect("it is there"), "changed");
    finds_nothing_else(&sandbox);
}

/// Check that the failed attempt left nothing behind.
fn finds_nothing_else(sandbox: &Sandbox) {
    let found = wrongs(sandbox.vx("doctor --json --offline").exits_with(1));
    assert!(found.len() == 1 && found[0].contains("biome 2.3.4"), "{found:#?}");
}

#[test]
fn a_release_of_no_project_is_mended_too() {
    let sandbox = well();
    sandbox.registry().offer("biome", "2.0.0");
    sandbox.vx("install biome@2.0.0").succeeds();
    let path = sandbox.home().join("store/biome/2.0.0/bin/biome").canonicalize().expect("the program");
    fs::write(path, "changed").expect("it is written");
    finds_and_mends(&sandbox, &["release: biome 2.0.0: "]);
    assert_eq!(sandbox.installed().len(), 3);
}

#[test]
fn a_release_of_no_project_is_mended_with_the_settings_of_the_project_at_hand() {
    let sandbox = well();
    sandbox.registry().offer("biome", "2.0.0");
    sandbox.vx("install biome@2.0.0").succeeds();
    let path = sandbox.home().join("store/biome/2.0.0/bin/biome").canonicalize().expect("the program");
    fs::write(&path, "changed").expect("it is written");
    let tools = "[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n";
    let sandbox = sandbox.config(&format!("[settings]\nrequire_signatures = true\n{tools}"));
    sandbox.vx("doctor --fix").exits_with(1).says("biome 2.0.0: ").says("signature");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "changed");
    let sandbox = sandbox.config(tools);
    sandbox.vx("doctor --fix").succeeds().prints("mended: biome 2.0.0: ");
}

#[test]
fn force_makes_a_changed_release_again_and_only_looks_at_others() {
    use std::os::unix::fs::MetadataExt;

    let sandbox = well();
    let made = |tool: &str| {
        let releases = fs::read_dir(sandbox.home().join("store").join(tool)).expect("releases").flatten();
        releases.map(|release| release.metadata().expect("a release").ino()).collect::<Vec<_>>()
    };
    let asked = || sandbox.registry().server().requests().len();
    fs::write(program(&sandbox), "changed").expect("it is written");
    fs::remove_dir_all(sandbox.home().join("cache")).expect("it goes");
    let (biome, esbuild, before) = (made("biome"), made("esbuild"), asked());
    sandbox.vx("sync --force").succeeds();
    assert_eq!((made("biome") == biome, made("esbuild") == esbuild), (false, true));
    assert_eq!((asked() - before, sandbox.program_says("biome").as_str()), (1, "2.3.4"));

    // Other programs, folders or options make another release of the same archive.
    sandbox.write(
        "vx.toml",
        "[tools]\nbiome = \"2\"\nesbuild = { version = \"0.27\", strip = 0, bin = [\"package/bin/esbuild\"] }\n",
    );
    sandbox.vx("lock --upgrade esbuild").succeeds();
    sandbox.vx("sync --force esbuild").succeeds();
    assert!(made("esbuild") != esbuild);
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
}

#[test]
fn files_of_a_post_install_command_belong_to_the_release() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4");
    let command = "echo made > made.txt; echo more >> biome";
    let sandbox = sandbox.config(&format!("[tools]\nbiome = {{ version = \"2\", postinstall = \"{command}\" }}\n"));
    sandbox.vx("sync").succeeds();
    let finished = sandbox.vx("doctor --json").succeeds();
    assert!(!found(&finished, "advice").iter().any(|found| found.starts_with("release")), "{}", finished.stdout());
    fs::write(release(&sandbox).join("made.txt"), "MADE\n").expect("it is written");
    finds_one(&sandbox, &["`made.txt` (changed)"]);
}
