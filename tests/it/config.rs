//! `vx config`: every setting with its origin, and the user's own settings of the views.

use std::fs;

use serde_json::Value;

use crate::support::sandbox::{Sandbox, text};

fn own(sandbox: &Sandbox, settings: &str) {
    fs::write(sandbox.home().join("vx.toml"), settings).expect("a file");
}

/// The value and the origin of a setting.
fn setting(sandbox: &Sandbox, key: &str) -> (String, Value) {
    let printed = sandbox.vx(&format!("config --json {key}")).succeeds().stdout();
    let rows: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows:#}");
    (text(&rows[0]["value"]).to_owned(), rows[0]["origin"].clone())
}

#[test]
fn each_setting_is_shown_with_the_line_or_the_variable_it_comes_from() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"24\"\n[settings]\njobs = 3\n");
    own(&sandbox, "[ui]\nrefresh_hz = 5\ntheme = \"dark\"\n");
    let in_file = |path: std::path::PathBuf, line| serde_json::json!({ "kind": "file", "path": path, "line": line });
    let default = serde_json::json!({ "kind": "default" });
    assert_eq!(setting(&sandbox, "settings.jobs"), ("3".into(), in_file(sandbox.project().join("vx.toml"), 4)));
    assert_eq!(setting(&sandbox, "tools.node"), ("24".into(), in_file(sandbox.project().join("vx.toml"), 2)));
    assert_eq!(setting(&sandbox, "ui.refresh_hz"), ("5".into(), in_file(sandbox.home().join("vx.toml"), 2)));
    assert_eq!(setting(&sandbox, "ui.colours"), ("auto".into(), default));
    // The sandbox's environment switches colours off, and the environment takes precedence over the file.
    let (theme, origin) = setting(&sandbox, "ui.theme");
    assert_eq!((theme.as_str(), text(&origin["variable"])), ("none", "NO_COLOR"));
    let (home, origin) = setting(&sandbox, "home");
    assert_eq!((home, text(&origin["variable"])), (sandbox.home().display().to_string(), "VX_HOME"));
    let place = format!("{}:4", sandbox.project().join("vx.toml").display());
    sandbox.vx("config settings").succeeds().prints("settings.jobs").prints(&place).prints("default");
    sandbox.vx("config ui.them").fails_with("there is no setting `ui.them`").says("did you mean `ui.theme`");
}

#[test]
fn a_withheld_value_is_not_shown_as_in_force() {
    let text = "[settings]\njobs = 3\nrequire_signatures = false\nmirrors = { github = \"https://h.invalid/\" }\n[env]\nNODE_OPTIONS = \"evil\"\nMODE = \"evil\"\n[hooks]\npre_sync = \"evil\"\n";
    let sandbox = Sandbox::new().config(text).variable("VX_TRUST", "");
    let shown = sandbox.vx("config").succeeds().says("may not act yet");
    let printed = shown.stdout();
    assert!(printed.contains("vx.toml:2") && !printed.contains("evil") && !printed.contains("h.invalid"), "{printed}");
    assert_eq!(setting(&sandbox, "settings.require_signatures").1["kind"], "default");
    let sandbox = sandbox.variable("VX_TRUST", "all");
    sandbox.vx("config env").succeeds().prints("evil");
    sandbox.vx("config settings.mirrors").succeeds().prints("h.invalid");
}

#[test]
fn a_setting_that_cannot_be_meant_stops_everything_with_a_view_before_it_starts() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    own(&sandbox, "[ui]\ntheme = \"pink\"\n");
    let place = format!("{}:2:9: error: `theme` is \"pink\"", sandbox.home().join("vx.toml").display());
    for words in ["config", "sync", "sync --plain"] {
        let finished = sandbox.vx(words).exits_with(2).says(&place);
        finished.says("write one of \"auto\", \"none\", \"terminal\", \"dark\", \"light\"");
    }
    assert!(sandbox.installed().is_empty(), "nothing was begun");
    // Without a view the setting is not read.
    sandbox.vx("sync --headless").succeeds();
}

#[test]
fn a_projects_settings_of_views_are_refused_politely() {
    let sandbox = Sandbox::new().config("[ui]\ntheme = \"dark\"\n[tools]\n");
    sandbox.vx("sync").succeeds().says("vx.toml:2: [ui] is ignored: it counts only in the vx.toml of the home");
    let (_, origin) = setting(&sandbox, "ui.glyphs");
    assert_eq!(text(&origin["kind"]), "default");
}

#[test]
fn keys_are_shown_by_action_and_wrong_ones_by_their_line() {
    let sandbox = Sandbox::new().config("[tools]\n");
    own(&sandbox, "[ui]\nmouse = false\n[ui.keys]\nfollow = [\"F\", \"Ctrl-F\"]\n");
    let (keys, origin) = setting(&sandbox, "ui.keys.follow");
    assert_eq!((keys.as_str(), &origin["line"]), ("F Ctrl-F", &Value::from(4)));
    assert_eq!(setting(&sandbox, "ui.keys.leave").0, "q");
    assert_eq!(setting(&sandbox, "ui.mouse").0, "false");
    for (line, wrong) in [
        ("fly = \"F\"", "no action is called `fly`; there are "),
        ("follow = \"Hyper\"", "`follow` cannot be on `Hyper`"),
        ("follow = \"q\"", "`q` cannot mean both `follow` and `leave`"),
        ("leave = []", "`leave` needs a key"),
        ("leave = \"Ctrl-M\"", "`leave` cannot be on `Ctrl-M`: terminals send `Enter` for it"),
    ] {
        own(&sandbox, &format!("[ui.keys]\n{line}\n"));
        let finished = sandbox.vx("config").exits_with(2).says(wrong);
        finished.says(&format!("{}:2:", sandbox.home().join("vx.toml").display()));
        sandbox.vx("sync").exits_with(2).says(wrong);
    }
}

#[test]
fn nothing_in_a_project_commands_the_terminal() {
    let sandbox = Sandbox::new().config(
        "[tools]\n[scripts]\nx = \"\\u001b]0;owned\\u0007 \\u202e\"\n[scripts.y]\ncommand = \"true\"\ndescription = \"a\\rb\"\n\
         [env]\nTITLE = \"\\u001b]0;owned\\u0007\"\n",
    );
    let obeyed =
        |text: &str| text.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'));
    for words in
        ["config", "run --list", "run x --script-help", "env --shell bash", "env --shell fish", "env --shell json"]
    {
        let finished = sandbox.vx(words).succeeds();
        assert!(!obeyed(&finished.stdout()) && !obeyed(&finished.stderr()), "{words}: {:?}", finished.stdout());
    }
    sandbox.vx("run --list").prints("x  \\u001b]0;owned\\u0007 \\u202e").prints("a\\u000db");
    assert_eq!(setting(&sandbox, "scripts.x").0, "\u{1b}]0;owned\u{7} \u{202e}", "JSON says what it is");
    let printed = sandbox.vx("env --shell bash").stdout();
    let shell = std::process::Command::new("bash").args(["-c", &format!("{printed}\nprintf %s \"$TITLE\"")]).output();
    if let Ok(told) = shell {
        assert_eq!(String::from_utf8_lossy(&told.stdout), "\u{1b}]0;owned\u{7}", "a shell is told what it is");
    }

    for wrong in ["[scripts]\nx = \"\u{1b}]0;owned\u{7}\"\n", "[tools]\n\"n\\u001bode\" = { versio = \"1\" }\n"] {
        let finished = Sandbox::new().config(wrong).vx("config").exits_with(2);
        assert!(!obeyed(&finished.stderr()), "{:?}", finished.stderr());
        finished.says("\\u001b");
    }
}

#[test]
fn no_password_in_an_address_is_printed() {
    let sandbox = Sandbox::new().config(
        "[settings]\nmirrors = { github = \"https://user:planted@h.invalid/x\" }\n\
         [tools.acme]\nversion = \"1.0.0\"\nurl = \"https://planted@h.invalid/a.tgz\"\n[env]\nINDEX = \"https://u:planted@h.invalid\"\n",
    );
    for words in ["config", "config --json"] {
        sandbox.vx(words).succeeds().keeps_silent_about("planted").prints("https://***@h.invalid/x");
    }
}

#[test]
fn a_misspelt_table_is_no_project_without_tools() {
    let sandbox = Sandbox::new().config("[tool]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    for words in ["sync", "lock", "config", "x biome"] {
        sandbox.vx(words).refuses_with("there is no table `tool`").says("did you mean [tools]?");
    }
}
