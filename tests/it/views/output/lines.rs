//! Lines for people: plain, on a build server, without colour.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::*;

const ESCAPE: &str = "\u{1b}";

#[test]
fn without_a_terminal_there_are_plain_lines_on_standard_error() {
    let plain = one_of_each().vx("sync --plain").exits_with(1);
    let by_default = one_of_each().vx("sync").exits_with(1);
    for finished in [plain, by_default] {
        assert_eq!(finished.stdout(), "");
        let finished = finished.keeps_silent_about(ESCAPE).says("buf 1.5.0: downloading").says("buf 1.5.0: installed");
        let finished = finished.says("esbuild 0.27.0: up to date").says("biome 2.3.4: failed: archive");
        // At the end come the final table, the failure's whole error with its hint, and the path of the log.
        let said = finished.says("1 installed, 1 left as they were, 1 failed").says("hint: check the version").stderr();
        let lines = |word: &str| said.lines().filter(|line| line.contains(word)).count();
        assert_eq!(
            (lines("buf 1.5.0: "), lines("esbuild"), lines("up to date")),
            (2, 1, 1),
            "each is said once: {said}"
        );
        assert!(!said.contains("buf  "), "no row repeats a line: {said}");
        assert!(said.contains("/run/vx-") && said.contains("biome.log"), "{said}");
    }
}

#[test]
fn a_long_download_is_reported_every_three_seconds() {
    slow(4).vx("sync --plain").succeeds().says("0 of 1 done, 1 at work");
}

#[test]
fn a_server_that_does_not_answer_is_named_before_the_first_attempt_has_failed() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    let offer = sandbox.publish("biome", "2.3.4", 300_000);
    sandbox.vx("lock").succeeds();
    let gate = Arc::default();
    let reply = Reply::ok(offer.archive).behind(&gate).slow(200_000);
    sandbox.registry().server().serve(&offer.path, reply);
    let running = sandbox.start("sync --plain");
    let waits = "waiting for 127.0.0.1's answer";
    sandbox.await_slot("biome", "waits", |slot| slot["message"] == waits && slot["attempt"] == 1);
    eventually("it is said", || {
        let said = running.said();
        let line = said.lines().find(|line| line.starts_with("biome 2.3.4: stalled: no byte for"))?;
        line.ends_with(waits).then_some(())
    });
    gate.store(true, Ordering::Relaxed);
    sandbox.await_slot("biome", "moves", |slot| slot["done"].as_u64() > Some(0));
    assert_eq!(sandbox.slot("biome").expect("its slot")["message"], Value::Null, "the answer is no longer waited for");
    running.finish().succeeds().says("biome 2.3.4: installed");
}

#[test]
fn headless_prints_nothing_but_errors() {
    let sandbox = one_of_each();
    let finished = sandbox.vx("sync --headless").fails_with("1 of 3 tools did not install: biome");
    let said = finished.stderr();
    let begins: Vec<&str> = said.lines().filter_map(|line| line.split(' ').next()).collect();
    let failure_with_hint_and_log = ["error:", "hint:", "whole"];
    assert_eq!((finished.stdout().as_str(), &begins[..3]), ("", &failure_with_hint_and_log[..]), "{said}");
    assert_eq!(begins[3..], ["error:", "hint:"], "{said}");
    for command in ["sync buf --headless --force", "sync buf --headless"] {
        let finished = sandbox.vx(command).succeeds();
        assert_eq!((finished.stdout().as_str(), finished.stderr().as_str()), ("", ""), "{command}");
    }
}

#[test]
fn a_dashboard_without_a_terminal_is_refused() {
    let sandbox = one_of_each();
    let asked = sandbox.registry().server().requests().len();
    sandbox.vx("sync --tui").refuses_with("`--tui` needs a terminal").says("--headless --dump DIR");
    sandbox.vx("top").refuses_with("needs a terminal").says("vx board dump");
    assert_eq!(sandbox.registry().server().requests().len(), asked);
    sandbox.vx("sync --tui --json").exits_with(2);
}

#[test]
fn github_actions_gets_a_group_an_annotation_and_a_table() {
    let sandbox = one_of_each();
    let page = sandbox.root().join("summary.md");
    std::fs::write(&page, "before\n").expect("a file");
    let sandbox = sandbox.variable("GITHUB_ACTIONS", "true").variable("CI", "true");
    let sandbox = sandbox.variable("GITHUB_STEP_SUMMARY", &page.display().to_string());
    let finished = sandbox.vx("sync").exits_with(1);
    let said = finished.stdout() + &finished.stderr();
    let lines: Vec<&str> = said.lines().collect();
    let at = |start: &str| {
        lines.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start}: {said}"))
    };
    assert!(at("::group::tools of project") < at("buf 1.5.0: installed"), "{said}");
    assert!(at("buf 1.5.0: installed") < at("::endgroup::"), "{said}");
    let annotations: Vec<&&str> = lines.iter().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 1, "{said}");
    assert!(annotations[0].starts_with("::error title=biome 2.3.4 failed::archive `cli-"), "{}", annotations[0]);
    let page = std::fs::read_to_string(&page).expect("a page");
    assert!(page.starts_with("before\n"), "what was there stays: {page}");
    for row in [
        "| tool | version | result | size | time |",
        "| buf | 1.5.0 | installed |",
        "| biome | 2.3.4 | **failed**",
        "whole log: /",
    ] {
        assert!(page.contains(row), "no `{row}` in:\n{page}");
    }
}

#[test]
fn colour_comes_only_when_forced_and_art_never_for_screen_readers() {
    let sandbox = one_of_each().variable("NO_COLOR", "").variable("CLICOLOR_FORCE", "1");
    sandbox.vx("sync --plain").exits_with(1).says(ESCAPE);
    let sandbox = sandbox.variable("CLICOLOR_FORCE", "").variable("ACCESSIBLE", "1").variable("LANG", "C.UTF-8");
    let said = sandbox.vx("sync").exits_with(1).keeps_silent_about(ESCAPE).stderr();
    // A text that was too long for the board ends with an ellipsis, which does not count as decoration.
    let art: Vec<char> = said.chars().filter(|character| !character.is_ascii() && *character != '…').collect();
    assert!(art.is_empty(), "{art:?} in {said}");
}

#[test]
fn a_registry_that_does_not_answer_is_named_before_there_is_a_board() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", silent.local_addr().expect("an address"));
    let sandbox = sandbox.variable("NPM_CONFIG_REGISTRY", &address);
    for command in ["sync --plain", "lock", "install biome@2.3.4 --plain", "outdated"] {
        let running = sandbox.start(command);
        eventually(command, || running.said().contains("waiting for 127.0.0.1's answer\n").then_some(()));
        running.signal(rustix::process::Signal::TERM);
        running.finish();
    }
}
