//! A package that a project names needs its user's consent; naming it on the command line is consent.

use super::{MOO, with_moo};

#[test]
fn a_package_of_a_project_waits_for_consent_and_holds_up_nothing_else() {
    let sandbox = with_moo(MOO).variable("VX_TRUST", "");
    sandbox.vx("trust --show").succeeds().prints("npm:moo is the npm package moo, with every program that it declares");
    sandbox.vx("sync").refuses_with("`npm:moo` needs your consent");
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
    for words in ["moo", "which moo", "sync npm:moo"] {
        sandbox.vx(words).refuses_with("`npm:moo` needs your consent");
    }
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("moo").succeeds().stdout(), "moo 1.5.0 \n");
    // Another version of the same package needs no new consent.
    sandbox.write("vx.toml", &MOO.replace("\"1\"", "\"1.4\""));
    sandbox.vx("sync").succeeds();
    sandbox.write("vx.toml", &MOO.replace("npm:moo", "npm:cow"));
    sandbox.vx("sync").exits_with(2);
    sandbox.vx("trust --show").succeeds().prints("+ npm:cow is the npm package cow");
}

#[test]
fn a_package_that_is_typed_is_agreed_to_and_the_rest_of_the_project_is_not() {
    let config = "[tools]\nnode = \"22\"\n\"npm:moo\" = { version = \"1.4\", postinstall = \"touch made\" }\n[env]\nMODE = \"evil\"\n";
    let sandbox = with_moo(config).variable("VX_TRUST", "");
    sandbox.vx("sync").exits_with(2);
    assert_eq!(sandbox.vx("x npm:moo hello").succeeds().stdout(), "moo 1.4.0 hello\n");
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm:moo 1.4.0"]);
    assert!(!sandbox.project().join("made").exists() && !sandbox.stored().iter().any(|path| path.ends_with("/made")));
    sandbox.vx("install npm:moo@1.5.0").succeeds();
    sandbox.vx("moo").refuses_with("`npm:moo` needs your consent");
}

#[test]
fn a_bare_word_runs_no_package_that_no_project_declares_and_agrees_to_none() {
    let sandbox = with_moo("").variable("VX_TRUST", "");
    for words in ["npm:moo", "npm:moo hello", "npm:nope", "pypi:nope"] {
        let package = words.split(' ').next().expect("a word");
        sandbox
            .vx(words)
            .refuses_with("is neither a command of vx")
            .says(&format!("`vx x {package}` runs the package"));
    }
    sandbox.vx("npm:moo@1.4").exits_with(2).says("`vx x npm:moo@1.4` runs that version");
    sandbox.write("vx.toml", MOO);
    sandbox.vx("npm:moo").refuses_with("`npm:moo` needs your consent");
    assert!(sandbox.installed().is_empty() && sandbox.registry().server().requests().is_empty());
    assert_eq!(sandbox.vx("x npm:moo hello").succeeds().stdout(), "moo 1.5.0 hello\n");
}

#[test]
fn the_way_to_a_version_is_named_for_tools_alone() {
    let sandbox = with_moo("[tools]\nmine = { version = \"1\", url = \"https://h.invalid/x\" }\n");
    for word in ["node@20", "mine@2"] {
        sandbox.vx(word).refuses_with("is neither a command of vx").says(&format!("`vx x {word}` runs that version"));
    }
    for word in ["jq@1.7", "node@", "@1"] {
        sandbox.vx(word).refuses_with("is neither a command of vx").keeps_silent_about("vx x");
    }
}

#[test]
fn a_package_of_one_project_answers_in_no_other() {
    let sandbox = with_moo(MOO);
    sandbox.vx("sync").succeeds();
    let elsewhere = sandbox.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a directory");
    for (words, code) in [("moo", 2), ("which moo", 1), ("which --all moo", 1)] {
        let mut command = sandbox.command(words);
        command.current_dir(&elsewhere).env("VX_TRUST", "");
        sandbox.run(words, command).finish().exits_with(code);
    }
}

#[test]
fn a_package_that_vx_use_declares_is_agreed_to_and_nothing_else_is() {
    let sandbox = with_moo("[env]\nMODE = \"evil\"\n").variable("VX_TRUST", "");
    sandbox.vx("use npm:moo@1.4 node@22").succeeds().keeps_silent_about("needs your consent");
    for words in ["moo hello", "npm:moo hello"] {
        assert_eq!(sandbox.vx(words).succeeds().stdout(), "moo 1.4.0 hello\n", "{words}");
    }
    sandbox.vx("sync --locked").succeeds();
    sandbox.vx("env --shell json").succeeds().keeps_silent_about("needs your consent");
    assert!(!sandbox.vx("env --shell json").stdout().contains("evil"));
    // It stays agreed to in any version, whatever else the project has; another package doesn't become so.
    sandbox.vx("trust --yes").succeeds();
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace("evil", "other"));
    assert_eq!(sandbox.vx("moo").succeeds().stdout(), "moo 1.4.0 \n");
    assert!(!sandbox.vx("env --shell json").stdout().contains("other"));
    sandbox.vx("use npm:moo@1.5").succeeds();
    assert_eq!(sandbox.vx("moo").succeeds().stdout(), "moo 1.5.0 \n");
    sandbox.write("vx.toml", &MOO.replace("npm:moo", "npm:cow"));
    sandbox.vx("sync npm:cow").refuses_with("`npm:cow` needs your consent");
    sandbox.write("vx.toml", MOO);
    sandbox.vx("trust --revoke").succeeds();
    sandbox.vx("moo").refuses_with("`npm:moo` needs your consent");
}

#[test]
fn parts_that_were_agreed_to_stay_so_when_a_package_is_declared() {
    let sandbox = with_moo("[env]\nMODE = \"mine\"\n").variable("VX_TRUST", "");
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("use npm:moo node@22").succeeds();
    sandbox.vx("env --shell json").succeeds().prints("mine");
    sandbox.vx("trust --show").succeeds().prints("npm:moo is the npm package moo").keeps_silent_about("withheld");
}

#[test]
fn a_package_that_cannot_be_declared_leaves_file_lock_and_consent_as_they_were() {
    let sandbox = with_moo("").variable("VX_TRUST", "");
    std::fs::remove_file(sandbox.project().join("vx.toml")).expect("a file");
    for (words, code) in [("use npm:moo node@99", 1), ("use npm:moo npm:nonsuch", 1), ("use npm:moo nonsuch", 2)] {
        sandbox.vx(words).exits_with(code);
        assert!(!sandbox.project().join("vx.toml").exists() && !sandbox.project().join("vx.lock").exists(), "{words}");
    }
    let mut refused = sandbox.command("use npm:moo");
    refused.env("VX_TRUST", "none");
    sandbox.run("vx use npm:moo", refused).finish().refuses_with("`npm:moo` needs your consent");
    assert!(!sandbox.project().join("vx.toml").exists());
    // A failure after vx.toml was written, because the project would run a command, restores the file.
    let config = "[tools]\nnode = \"22\"\n\"npm:moo\" = { version = \"1.4\", postinstall = \"touch made\" } # mine\n";
    sandbox.write("vx.toml", config);
    sandbox.vx("sync node").succeeds();
    let lock = sandbox.read("vx.lock");
    sandbox.vx("use npm:moo@1.5").refuses_with("`npm:moo` needs your consent").says("stays as it was");
    assert_eq!((sandbox.read("vx.toml").as_str(), sandbox.read("vx.lock")), (config, lock));
    sandbox.write("vx.toml", MOO);
    sandbox.vx("moo").refuses_with("`npm:moo` needs your consent");
}
