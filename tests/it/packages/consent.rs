//! A package that a project names needs its user's consent; one that its user names is agreed to with that.

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
    sandbox.vx("trust").succeeds();
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("moo").succeeds().stdout(), "moo 1.5.0 \n");
    // Another version of the same package is no other thing.
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
