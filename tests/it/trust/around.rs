//! Settings files around a project: without consent, only files in the user's own places count.

use std::fs;
use std::path::{Path, PathBuf};

use super::tricks::asked;
use super::{cautious, vx_in};
use crate::support::sandbox::Sandbox;

/// A project and a `uv.toml` above it, as paths from the top of the sandbox, and the kind of `.git` that ends the
/// project.
struct Layout {
    project: &'static str,
    settings: &'static str,
    git: Git,
}

/// The `.git` of a project.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Git {
    None,
    Directory,
    /// That of a submodule, in a repository around it.
    File,
}

/// All layouts; `user` is the home directory.
const LAYOUTS: [Layout; 6] = [
    Layout { project: "dl/app", settings: "dl", git: Git::None },
    Layout { project: "user/dl/app", settings: "user/dl", git: Git::None },
    Layout { project: "user/dl/a/b/app", settings: "user/dl", git: Git::None },
    Layout { project: "user/outer/inner", settings: "user/outer", git: Git::Directory },
    Layout { project: "user/super/sub", settings: "user/super", git: Git::File },
    Layout { project: "user/app", settings: "", git: Git::None },
];

/// The ways to write an index in `uv.toml`.
const SPELLINGS: [&str; 5] = [
    "index-url = \"ADDRESS\"\n",
    "[[index]]\nurl = \"ADDRESS\"\ndefault = true\n",
    "[pip]\nindex-url = \"ADDRESS\"\n",
    "index = [{ name = \"x\", url = \"ADDRESS\", default = true }]\n",
    "[[index]]\nurl = \"ADDRESS\"\ndefault = true\n[pip]\nno-color = true\n",
];

const PROJECT: &str = "[tools]\nruff = \"0.15.1\"\n";

/// A sandbox whose user has named the registry in their own configuration, and in no variable.
fn configured() -> Sandbox {
    let sandbox = cautious().variable("UV_DEFAULT_INDEX", "");
    let folder = sandbox.root().join("user/.config/uv");
    fs::create_dir_all(&folder).expect("a directory");
    fs::write(folder.join("uv.toml"), index(&sandbox, SPELLINGS[0], "/simple/")).expect("a file");
    sandbox
}

fn index(sandbox: &Sandbox, spelling: &str, path: &str) -> String {
    spelling.replace("ADDRESS", &sandbox.registry().server().url(path))
}

/// Write the project and the stranger's `uv.toml`. Returns the project's directory.
fn lay(sandbox: &Sandbox, layout: &Layout, spelling: &str) -> PathBuf {
    let (project, above) = (sandbox.root().join(layout.project), sandbox.root().join(layout.settings));
    fs::create_dir_all(&project).expect("directories");
    fs::write(project.join("vx.toml"), PROJECT).expect("a file");
    fs::write(above.join("uv.toml"), index(sandbox, spelling, "/evil/")).expect("a file");
    match layout.git {
        Git::None => {}
        Git::Directory => fs::create_dir(project.join(".git")).expect("a directory"),
        Git::File => {
            fs::create_dir_all(above.join(".git/modules/sub")).expect("directories");
            fs::write(project.join(".git"), "gitdir: ../.git/modules/sub\n").expect("a file");
        }
    }
    project
}

/// Remove every cached list and every chosen version.
fn forget(sandbox: &Sandbox, project: &Path) {
    let _ = fs::remove_dir_all(sandbox.home().join("cache/index"));
    let _ = fs::remove_file(project.join("vx.lock"));
}

#[test]
fn a_uv_toml_between_home_and_project_or_above_the_home_waits_for_consent() {
    for (number, layout) in LAYOUTS.iter().enumerate() {
        let sandbox = configured();
        let project = lay(&sandbox, layout, SPELLINGS[number % SPELLINGS.len()]);
        for door in ["ruff", "x ruff", "which ruff", "outdated", "lock", "sync --force", "doctor"] {
            forget(&sandbox, &project);
            vx_in(&sandbox, &project, door);
            assert!(!asked(&sandbox), "{}: vx {door}", layout.project);
        }
        assert!(vx_in(&sandbox, &project, "ruff").succeeds().stdout().starts_with("ruff 0.15.1"));
        let file = sandbox.root().join(layout.settings).join("uv.toml");
        vx_in(&sandbox, &project, "trust --show").succeeds().prints(&file.display().to_string());
        vx_in(&sandbox, &project, "trust --yes").succeeds();
        forget(&sandbox, &project);
        vx_in(&sandbox, &project, "lock");
        assert!(asked(&sandbox), "{}: with consent it acts", layout.project);
    }
}

#[test]
fn a_pip_conf_around_the_project_waits_for_consent_also_where_a_virtual_environment_is_said_to_be_there() {
    let sandbox = cautious().variable("UV_DEFAULT_INDEX", "");
    let (above, project) = (sandbox.root().join("user/dl"), sandbox.root().join("user/dl/app"));
    fs::create_dir_all(&project).expect("directories");
    fs::write(project.join("vx.toml"), PROJECT).expect("a file");
    let strange = format!("[global]\nindex-url = {}\n", sandbox.registry().server().url("/evil/"));
    fs::write(above.join("pip.conf"), strange).expect("a file");
    let sandbox = sandbox.variable("VIRTUAL_ENV", &above.display().to_string());
    let folder = sandbox.root().join("user/.config/uv");
    fs::create_dir_all(&folder).expect("a directory");
    fs::write(folder.join("uv.toml"), index(&sandbox, SPELLINGS[0], "/simple/")).expect("a file");
    for door in ["ruff", "x ruff", "outdated", "lock", "sync --force"] {
        forget(&sandbox, &project);
        vx_in(&sandbox, &project, door);
        assert!(!asked(&sandbox), "vx {door}");
    }
    vx_in(&sandbox, &project, "trust --show").succeeds().prints(&above.join("pip.conf").display().to_string());
    fs::remove_file(folder.join("uv.toml")).expect("a file");
    vx_in(&sandbox, &project, "trust --yes").succeeds();
    forget(&sandbox, &project);
    vx_in(&sandbox, &project, "lock");
    assert!(asked(&sandbox), "with consent it acts");
}

#[test]
fn consent_for_the_folder_above_is_none_for_the_project_in_it() {
    let sandbox = configured();
    let project = lay(&sandbox, &LAYOUTS[1], SPELLINGS[0]);
    let above = sandbox.root().join(LAYOUTS[1].settings);
    fs::write(above.join("vx.toml"), "[env]\nMODE = \"test\"\n").expect("a file");
    vx_in(&sandbox, &above, "trust --yes").succeeds();
    vx_in(&sandbox, &project, "lock").succeeds();
    vx_in(&sandbox, &project, "ruff").succeeds();
    assert!(!asked(&sandbox));
}

#[test]
fn a_trusted_folder_speaks_for_no_file_outside_of_it() {
    let sandbox = configured();
    let project = lay(&sandbox, &LAYOUTS[1], SPELLINGS[0]);
    let own = format!("[trust]\nfolders = [\"{}\"]\n", project.display());
    fs::write(sandbox.home().join("vx.toml"), own).expect("a file");
    vx_in(&sandbox, &project, "lock").succeeds();
    assert!(!asked(&sandbox));
    let own = format!("[trust]\nfolders = [\"{}\"]\n", project.parent().expect("a folder").display());
    fs::write(sandbox.home().join("vx.toml"), own).expect("a file");
    forget(&sandbox, &project);
    vx_in(&sandbox, &project, "lock");
    assert!(asked(&sandbox), "with both in it, it does");
}

#[test]
fn a_file_in_the_home_itself_is_the_users_and_needs_no_consent() {
    let sandbox = cautious().variable("UV_DEFAULT_INDEX", "");
    let project = sandbox.root().join("user/code/app");
    fs::create_dir_all(&project).expect("directories");
    fs::write(project.join("vx.toml"), PROJECT).expect("a file");
    let text = index(&sandbox, SPELLINGS[0], "/simple/");
    fs::write(sandbox.root().join("user/uv.toml"), text).expect("a file");
    vx_in(&sandbox, &project, "trust --show").succeeds().says("nothing that needs consent");
    assert!(vx_in(&sandbox, &project, "ruff").succeeds().stdout().starts_with("ruff 0.15.1"));
}

#[test]
fn a_certificate_that_a_setting_names_is_part_of_the_consent() {
    let sandbox = cautious().config(PROJECT);
    fs::create_dir(sandbox.project().join("certs")).expect("a directory");
    sandbox.write("certs/ca.pem", "good\n");
    sandbox.write(".npmrc", "cafile=certs/ca.pem\n");
    sandbox.vx("trust --yes").succeeds().says("is checked: cafile  (with the present content of certs/ca.pem [");
    sandbox.vx("trust --yes").succeeds().says("you have agreed");
    sandbox.write("certs/ca.pem", "evil\n");
    let shown = sandbox.vx("trust --show").succeeds();
    shown.prints("- .npmrc changes").prints("+ .npmrc changes");
}
