//! The collection of hostile projects: each trick against every entry. Nothing of it runs, sets a variable or contacts
//! a server. And each trick would work if its rule were missing: it does once its user agrees.

use std::fs;

use super::entries::{github, outputs};
use super::tricks::{TRICKS, Takes, Trick, asked};
use super::{acted, cautious, make_shims};
use crate::support::sandbox::Sandbox;

/// A sandbox with shims for the catalogue's tools, and the trick's project.
fn laid(trick: Trick, word: &str) -> Sandbox {
    // Nothing answers at the sites of vendors, nor at the usual index of Python packages.
    let sandbox = cautious().variable("HTTPS_PROXY", "http://127.0.0.1:9").variable("NO_PROXY", "127.0.0.1");
    make_shims(&sandbox);
    let sandbox = match trick.name {
        "an_index_in_uv_toml" | "an_index_above_the_project" => sandbox.variable("UV_DEFAULT_INDEX", ""),
        "an_index_in_a_virtual_environment" => {
            let environment = sandbox.project().join(".venv").display().to_string();
            sandbox.variable("UV_DEFAULT_INDEX", "").variable("VIRTUAL_ENV", &environment)
        }
        "a_file_that_programs_obey" => {
            let path = format!("{}:{}", sandbox.root().join("bin").display(), std::env::var("PATH").expect("a path"));
            sandbox.variable("UV_DEFAULT_INDEX", "").variable("PATH", &path)
        }
        _ => sandbox,
    };
    (trick.lay)(&sandbox);
    sandbox.variable("VX_TRUST", word)
}

/// Assert that nothing of the trick shows in this output.
#[track_caller]
fn assert_inert(trick: &str, entry: &str, output: &str, sandbox: &Sandbox) {
    assert!(!acted(sandbox), "{trick}: something ran by {entry}:\n{output}");
    assert!(!asked(sandbox), "{trick}: a server was asked by {entry}:\n{output}");
    assert!(!output.contains("EVIL"), "{trick}: a variable or program shows by {entry}:\n{output}");
}

fn is_refused(trick: Trick) {
    let sandbox = laid(trick, "");
    for (entry, finished) in outputs(&sandbox) {
        let (stdout, stderr) = (finished.stdout(), finished.stderr());
        // These commands print scripts and the project's name as data; no output may contain control codes.
        let is_data = matches!(entry.as_str(), "vx run --list" | "vx sbom");
        let shown = if is_data { String::new() } else { stdout.clone() };
        assert_inert(trick.name, &entry, &shown, &sandbox);
        let all = format!("{stdout}{stderr}");
        assert!(!all.contains("[y/N]"), "{}: {entry} asks:\n{all}", trick.name);
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{}: {entry} prints codes:\n{all:?}", trick.name);
    }
    #[cfg(target_os = "linux")]
    for (entry, screen) in super::entries::screens(&sandbox) {
        assert!(!acted(&sandbox) && !asked(&sandbox), "{}: something ran by {entry}:\n{screen}", trick.name);
        assert!(!screen.contains("[y/N]"), "{}: {entry} asks:\n{screen}", trick.name);
        let shell = entry.starts_with("bash");
        assert!(
            !shell || !screen.contains("=EVIL") && !screen.contains("=/EVIL"),
            "{}: {entry}:\n{screen}",
            trick.name
        );
    }
    assert!(!(trick.acts)(&sandbox), "{}", trick.name);
    let written = github(sandbox);
    assert!(!written.contains("EVIL"), "{}: {written}", trick.name);
}

/// Check that the trick acts once its user agrees, so that its refusal proves something.
fn is_alive(trick: Trick) {
    let sandbox = laid(trick, "all");
    if trick.takes == Takes::Naming {
        let variables = "[trust]\nvariables = [\"GIT_SSH_COMMAND\"]\n";
        fs::write(sandbox.home().join("vx.toml"), variables).expect("a file");
    }
    let expected = trick.takes != Takes::Nothing;
    assert_eq!((trick.acts)(&sandbox), expected, "{}: {}", trick.name, sandbox.vx("sync").stderr());
}

fn trick(name: &str) -> Trick {
    *TRICKS.iter().find(|trick| trick.name == name).expect("a trick of this name")
}

macro_rules! collection {
    ($($name:ident),* $(,)?) => {
        $(
            mod $name {
                #[test]
                fn is_refused_by_every_entry() {
                    super::is_refused(super::trick(stringify!($name)));
                }

                #[test]
                fn acts_where_its_user_lets_it() {
                    super::is_alive(super::trick(stringify!($name)));
                }
            }
        )*

        #[test]
        fn every_trick_is_in_the_collection() {
            assert_eq!(TRICKS.map(|trick| trick.name), [$(stringify!($name)),*]);
        }
    };
}

collection!(
    variables,
    variables_that_steer_programs,
    a_command_after_an_install,
    a_variable_of_an_install,
    a_tool_from_an_address,
    a_tool_that_hides_one_of_the_system,
    a_package_by_name,
    a_program_under_another_name,
    a_lock_with_another_package,
    a_lock_with_an_address,
    a_mirror,
    a_registry_in_npmrc,
    an_index_in_uv_toml,
    an_index_above_the_project,
    an_index_in_a_virtual_environment,
    a_file_that_programs_obey,
    a_folder_of_programs,
    a_file_of_variables,
    a_linked_vx_toml,
    a_second_file_beside_the_first,
    a_borrowed_git_directory,
    a_project_that_trusts_itself,
    names_that_are_paths_or_look_alike,
    control_codes_in_names,
);

/// A link to a device never ends, and a pipe has no writer: each would hold up every command in the stranger's project.
#[cfg(unix)]
#[test]
fn a_file_of_the_project_that_has_no_end_is_not_read() {
    for file in ["vx.toml", "vx.lock", "Procfile", ".npmrc", "uv.toml"] {
        let sandbox = cautious();
        if file != "vx.toml" {
            sandbox.write("vx.toml", "[tools]\nruff = \"0.15.1\"\n");
        }
        std::os::unix::fs::symlink("/dev/zero", sandbox.project().join(file)).expect("a link");
        for entry in ["sync", "ruff", "trust --show", "ps"] {
            let finished = sandbox.vx(entry);
            // A command may fail only over a file that it needs.
            let wanted = if matches!(file, "vx.toml" | "vx.lock") { 0..=2 } else { 0..=0 };
            assert!(
                finished.code().is_some_and(|code| wanted.contains(&code)),
                "{file}: {entry}: {}",
                finished.stderr()
            );
        }
    }
}
