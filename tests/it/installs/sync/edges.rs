//! Odd requests and odd places: an impossible request is refused before anything starts, and finished work counts.

use crate::support::sandbox::Sandbox;

const TWO: &str = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";

fn two() -> Sandbox {
    Sandbox::new().config(TWO).offers("biome", "2.3.4").offers("esbuild", "0.27.0")
}

#[test]
fn a_sync_of_one_tool_leaves_the_others_wanted_as_before() {
    let sandbox = two();
    sandbox.vx("sync").succeeds();
    sandbox.vx("sync biome").succeeds();
    let listed = sandbox.vx("list").succeeds();
    assert!(!listed.stdout().contains("no project"), "{}", listed.stdout());
}

#[test]
fn a_place_for_dumps_that_cannot_be_is_named_before_anything_starts() {
    let sandbox = two();
    sandbox.write("file", "");
    sandbox.vx("sync --headless --dump file/dumps").fails_with("file/dumps").says("--dump");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    assert!(sandbox.board().is_none(), "no board was made");
}

#[test]
fn a_home_that_cannot_be_written_is_named_once_before_anything_starts() {
    let sandbox = two();
    sandbox.write("file", "");
    let home = sandbox.project().join("file").display().to_string();
    let sandbox = sandbox.variable("VX_HOME", &home);
    let said = sandbox.vx("sync").fails_with(&home).says("VX_HOME");
    assert_eq!(said.stderr().matches("error:").count(), 1, "{}", said.stderr());
    assert!(sandbox.board().is_none(), "no board was made");
}

#[test]
fn a_runtime_directory_that_is_refused_is_a_matter_of_configuration() {
    let sandbox = two();
    sandbox.write("file", "");
    let runtime = sandbox.project().join("file").display().to_string();
    let sandbox = sandbox.variable("VX_RUNTIME_DIR", &runtime);
    sandbox.vx("sync").exits_with(2).says("VX_RUNTIME_DIR");
    assert_eq!(sandbox.read("vx.lock"), "");
}

#[test]
fn a_good_run_whose_lines_no_process_reads_is_a_good_run() {
    let sandbox = two();
    let mut command = sandbox.command("sync --plain");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = command.stderr(writer).status().expect("vx starts");
    assert!(status.success(), "a reader that went away: {status:?}");
    // Lines lost for another reason are a failure, although the release is installed.
    let status = sandbox.command("sync --plain --force").stderr(full).status().expect("vx starts");
    assert_eq!(status.code(), Some(1));
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}

#[test]
fn data_that_cannot_be_written_fails_the_command() {
    let sandbox = two();
    sandbox.vx("sync").succeeds();
    for words in ["list --json", "completions bash"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        let status = sandbox.command(words).stdout(full).status().expect("vx starts");
        assert_eq!(status.code(), Some(1), "vx {words}");
    }
}

#[test]
fn a_headless_run_prints_its_failures_and_nothing_else() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n\n[settings]\njob = 3\n").offers("biome", "2.3.4");
    let quiet = sandbox.vx("sync --headless").succeeds();
    assert_eq!(quiet.stderr(), "", "not even a warning");
    let offer = sandbox.publish("esbuild", "0.27.0", 10);
    sandbox.registry().server().serve(&offer.path, crate::support::server::Reply::status(404));
    assert_eq!(sandbox.vx("install biome --headless").succeeds().stderr(), "");
    sandbox.write("vx.toml", "[tools]\nnode = 20\n");
    sandbox.vx("sync --headless").exits_with(2).says("vx.toml:2:");
    sandbox.write("vx.toml", TWO);
    sandbox.vx("sync --headless").fails_with("esbuild 0.27.0: ").says("404").says("hint:");
}

#[test]
fn fail_fast_stops_also_after_a_failure_that_needed_no_child() {
    let config = "[tools]\nbiome = \"2.3.4\"\nmine = { version = \"1.0.0\", url = \"https://h.invalid/mine.tgz\" }\n";
    let sandbox = Sandbox::new().config(config).offers("biome", "2.3.4");
    sandbox.vx("sync --fail-fast").fails_with("sha256");
    assert_eq!(sandbox.installed(), Vec::<String>::new());
}

#[test]
fn one_tool_asked_for_in_two_versions_is_refused() {
    let sandbox = two();
    sandbox.vx("install biome@2.3.4 biome@2.3.5").refuses_with("`biome` is requested as `2.3.4` and as `2.3.5`");
    sandbox.vx("install biome@2.3.4 biome@2.3.4").succeeds();
}

#[test]
fn a_project_without_tools_ends_well_in_every_form() {
    let sandbox = Sandbox::new().config("[tools]\n");
    sandbox.vx("sync").succeeds().says("declares no tools");
    sandbox.vx("sync --json").succeeds().prints("\"event\":\"summary\"");
    sandbox.vx("sync --headless --dump out").succeeds();
    assert!(sandbox.project().join("out/final.json").is_file());
}

#[test]
fn a_time_too_long_to_be_counted_is_no_bound() {
    let sandbox = two();
    sandbox.vx("sync --timeout 2562047788015215h").succeeds();
    sandbox.vx("board wait --timeout 2562047788015215h").succeeds();
}

#[test]
fn names_longer_than_a_slots_key_are_installed_also_if_they_begin_alike() {
    use crate::support::registry::archive::{script, tgz};

    let names = ["1", "2"].map(|end| format!("{}{end}", "long-".repeat(18)));
    let sandbox = Sandbox::new();
    let lines = names.each_ref().map(|name| {
        let archive = tgz(&[script(&format!("package/bin/{name}"), "1.0.0")]);
        sandbox.addressed(name, &archive, ", postinstall = \"echo built\"")
    });
    let sandbox = sandbox.config(&format!("[tools]\n{}", lines.concat()));
    sandbox.vx("sync --plain").succeeds();
    assert_eq!(sandbox.installed(), names.map(|name| format!("{name} 1.0.0")));
    let board = sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    let keys: Vec<&str> = slots.iter().filter_map(|slot| slot["key"].as_str()).collect();
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
    assert!(keys.iter().all(|key| key.len() == 46 && key.starts_with("long-") && key.contains('~')), "{keys:?}");
}
