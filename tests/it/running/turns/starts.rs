//! The arguments and surroundings of an agent, and starts that fail.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use vx_agents::{TurnError, TurnEvent, TurnRequest, active_turns, find_agent, spawn_turn};

use super::{COMPLETED, Play, RESULT, events};

#[test]
fn the_agent_gets_its_arguments_in_its_directory_and_this_programs_input_is_not_its_own() {
    let play = Play::new(&format!("printf '%s\\n' \"$@\" > words; pwd > place; cat > input; : > read; say '{RESULT}'"));
    assert_eq!(play.events().last(), Some(&COMPLETED));
    let words =
        "-p\nsay hi\n--output-format\nstream-json\n--verbose\n--include-partial-messages\n--permission-mode\nauto\n";
    assert_eq!(play.read("words"), words);
    assert_eq!(play.read("place").trim(), play.directory.path().to_string_lossy());
    assert_eq!(play.read("input"), "", "it is empty");
}

#[test]
fn the_requests_own_variables_always_win_and_other_turns_do_not_see_them() {
    let play = Play::new(&format!("env > seen; say '{RESULT}'"));
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let env = vec![set("CLAUDECODE", "mine"), set("VX_TURN_OF", "one")];
    let request = TurnRequest { env, ..play.request() };
    let other = Play::new(&format!("env > seen; say '{RESULT}'"));
    let handles = [spawn_turn(request).expect("it starts"), other.start()];
    handles.iter().for_each(|handle| assert_eq!(events(handle).last(), Some(&COMPLETED)));
    let seen = play.read("seen");
    assert!(seen.contains("CLAUDECODE=mine\n") && seen.contains("VX_TURN_OF=one\n"), "{seen}");
    assert!(!other.read("seen").contains("VX_TURN_OF"), "turns do not see each other's");
}

#[test]
fn a_start_that_fails_is_an_error_and_nothing_is_left() {
    let play = Play::new("");
    let file = play.path("plain");
    fs::write(&file, "").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
    let request = || TurnRequest { turn_id: "failing".into(), ..play.request() };
    let started = |agent_bin: &Path, cwd: &str| {
        spawn_turn(TurnRequest { agent_bin: agent_bin.into(), cwd: cwd.into(), ..request() })
    };
    for runner in [true, false] {
        let runner = play.request().runner.filter(|_| runner).or_else(|| Some(PathBuf::new()));
        let missing = spawn_turn(TurnRequest { agent_bin: play.path("missing"), runner, ..request() });
        assert!(matches!(missing, Err(TurnError::Start { .. })), "{missing:?}");
    }
    let refused = started(&file, "/");
    assert!(matches!(refused, Err(TurnError::Start { .. })), "{refused:?}");
    let nowhere = started("/bin/sh".as_ref(), "/nowhere-at-all");
    assert!(matches!(nowhere, Err(TurnError::Directory(_))), "{nowhere:?}");
    let relative = started("sh".as_ref(), "/");
    assert!(matches!(relative, Err(TurnError::NotAbsolute(_))), "{relative:?}");
    let unknown = spawn_turn(TurnRequest { agent: "nobody".into(), agent_table: None, ..play.request() });
    assert!(matches!(unknown, Err(TurnError::UnknownAgent { .. })), "{unknown:?}");
    assert!(active_turns().iter().all(|turn| turn.turn_id != "failing"));
    assert!(play.alive().is_empty());
}

#[test]
fn a_program_that_the_system_refuses_is_an_error_with_a_runner_and_without() {
    let play = Play::new("");
    // An executable file of a format that no system knows.
    let file = play.path("unknown");
    fs::write(&file, [0_u8, 1, 2, 3]).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    for runner in [env!("CARGO_BIN_EXE_vx"), ""] {
        let refused =
            spawn_turn(TurnRequest { agent_bin: file.clone(), runner: Some(runner.into()), ..play.request() });
        assert!(matches!(refused, Err(TurnError::Start { .. })), "{refused:?}");
    }
    let missing = spawn_turn(TurnRequest { runner: Some(play.path("vx")), ..play.request() });
    assert!(matches!(missing, Err(TurnError::Runner(_))), "{missing:?}");
    assert!(play.alive().is_empty());
}

#[test]
fn directories_and_files_that_cannot_be_executed_are_passed_over() {
    let play = Play::new("");
    for (folder, mode) in [("a", None), ("b", Some(0o644)), ("c", Some(0o755))] {
        fs::create_dir_all(play.path(folder)).expect("a folder");
        let file = play.path(folder).join("claude");
        match mode {
            None => fs::create_dir(&file).expect("a folder"),
            Some(mode) => {
                fs::write(&file, "").expect("a file");
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
            }
        }
    }
    let path = std::env::join_paths(["a", "b", "c"].map(|folder| play.path(folder))).expect("a path");
    assert_eq!(find_agent("claude", &path).expect("a program"), play.path("c").join("claude"));
    assert!(matches!(find_agent("codex", &path), Err(TurnError::NotFound(_))));
}

#[test]
fn a_mode_that_the_programs_help_lists_is_taken_and_another_is_refused_with_that_list() {
    let play = Play::new(&format!("say '{RESULT}'"));
    let program = play.path("help");
    let script =
        "#!/bin/sh\necho asked >> \"$0.asked\"\necho '  --permission-mode <mode>  (choices: \"plan\", \"manual\")'\n";
    fs::write(&program, script).expect("a script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let with = |mode: &str| {
        spawn_turn(TurnRequest { agent_bin: program.clone(), permission_mode: mode.into(), ..play.request() })
    };
    for mode in ["dontAsk", "never"] {
        // For a moment, a child of another test may have the file that was just written open for writing.
        let refused = crate::support::sandbox::eventually("it answers", || {
            let refused = with(mode).expect_err("it is not listed");
            (!matches!(refused, TurnError::Start { .. })).then_some(refused)
        });
        assert!(refused.to_string().contains("plan, manual"), "{refused}");
    }
    assert_eq!(play.read("help.asked"), "asked\n", "it is asked once");
    let taken = with("manual").expect("a mode that is listed");
    let end = events(&taken).pop();
    assert!(matches!(end, Some(TurnEvent::Completed { exit_code: 0, without_result: true, .. })), "{end:?}");
    // Another version of the program may have other modes.
    fs::write(&program, script.replace("manual", "by hand").replace("asked >>", "again >>")).expect("a script");
    let refused = crate::support::sandbox::eventually("it answers", || {
        let refused = with("manual").expect_err("it is listed no more");
        (!matches!(refused, TurnError::Start { .. })).then_some(refused)
    });
    assert!(refused.to_string().contains("plan, by, hand"), "{refused}");
    assert!(play.read("help.asked").ends_with("again\n"));
}
