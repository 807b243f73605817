//! The tricks of hostile projects: one of each kind that could act without its user's consent, and holes that other
//! tools have had.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use vx_base::digest::Algorithm;
use vx_base::system::platform::Platform;

use super::{acted, evil, evil_tool, vx_in};
use crate::installs::packages::publish_wheel;
use crate::support::registry::archive::{Entry, tgz};
use crate::support::registry::{Npm, digest};
use crate::support::sandbox::Sandbox;

/// A hostile project.
#[derive(Clone, Copy)]
pub(super) struct Trick {
    /// Its name.
    pub(super) name: &'static str,
    /// Writes the project.
    pub(super) lay: fn(&Sandbox),
    /// Returns true if the trick acts: a program ran, a variable was set, or a server was asked.
    pub(super) acts: fn(&Sandbox) -> bool,
    /// The condition for the trick to act.
    pub(super) takes: Takes,
}

/// The condition for a trick to act.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// The user's consent.
    Consent,
    /// The user's consent, and the variable's name in the user's own file.
    Naming,
    /// It never acts.
    Nothing,
}

const TOOLS: &str = "[tools]\nruff = \"0.15.1\"\nbiome = \"2.3.4\"\n";
const SCRIPT: &str = "[scripts]\nhello = \"env\"\n";

/// All tricks.
pub(super) const TRICKS: [Trick; 24] = [
    Trick { name: "variables", lay: variables, acts: tool_shows_it, takes: Takes::Consent },
    Trick { name: "variables_that_steer_programs", lay: steering, acts: tool_shows_it, takes: Takes::Naming },
    Trick {
        name: "a_command_after_an_install",
        lay: postinstall,
        acts: |sandbox| leaves_a_trace(sandbox, "sync --force"),
        takes: Takes::Consent,
    },
    Trick {
        name: "a_variable_of_an_install",
        lay: install_env,
        acts: |sandbox| leaves_a_trace(sandbox, "sync --force"),
        takes: Takes::Consent,
    },
    Trick {
        name: "a_tool_from_an_address",
        lay: address,
        acts: |sandbox| leaves_a_trace(sandbox, "ruff"),
        takes: Takes::Consent,
    },
    Trick {
        name: "a_tool_that_hides_one_of_the_system",
        lay: hiding,
        acts: |sandbox| leaves_a_trace(sandbox, "run hello"),
        takes: Takes::Consent,
    },
    Trick {
        name: "a_package_by_name",
        lay: package,
        acts: |sandbox| leaves_a_trace(sandbox, "ruff"),
        takes: Takes::Consent,
    },
    Trick { name: "a_program_under_another_name", lay: renamed, acts: another_name_runs, takes: Takes::Consent },
    Trick {
        name: "a_lock_with_another_package",
        lay: locked_package,
        acts: |sandbox| leaves_a_trace(sandbox, "biome"),
        takes: Takes::Nothing,
    },
    Trick { name: "a_lock_with_an_address", lay: locked_address, acts: frozen_sync_asks, takes: Takes::Nothing },
    Trick { name: "a_mirror", lay: mirror, acts: sync_asks, takes: Takes::Consent },
    Trick { name: "a_registry_in_npmrc", lay: npmrc, acts: sync_asks, takes: Takes::Consent },
    Trick { name: "an_index_in_uv_toml", lay: uv_toml, acts: sync_asks, takes: Takes::Consent },
    Trick { name: "an_index_above_the_project", lay: uv_toml_above, acts: sync_asks, takes: Takes::Consent },
    Trick { name: "an_index_in_a_virtual_environment", lay: pip_conf, acts: sync_asks, takes: Takes::Consent },
    Trick {
        name: "a_file_that_programs_obey",
        lay: obeyed,
        acts: |sandbox| leaves_a_trace(sandbox, "sync --force"),
        takes: Takes::Nothing,
    },
    Trick {
        name: "a_folder_of_programs",
        lay: venv,
        acts: |sandbox| leaves_a_trace(sandbox, "run hello"),
        takes: Takes::Consent,
    },
    Trick { name: "a_file_of_variables", lay: dotenv, acts: script_shows_it, takes: Takes::Consent },
    Trick { name: "a_linked_vx_toml", lay: linked, acts: tool_shows_it, takes: Takes::Consent },
    Trick { name: "a_second_file_beside_the_first", lay: two_files, acts: tool_shows_it, takes: Takes::Nothing },
    Trick { name: "a_borrowed_git_directory", lay: borrowed, acts: tool_shows_it, takes: Takes::Consent },
    Trick { name: "a_project_that_trusts_itself", lay: self_trust, acts: tool_shows_it, takes: Takes::Consent },
    Trick { name: "names_that_are_paths_or_look_alike", lay: names, acts: tool_shows_it, takes: Takes::Nothing },
    Trick { name: "control_codes_in_names", lay: codes, acts: tool_shows_it, takes: Takes::Consent },
];

fn tool_shows_it(sandbox: &Sandbox) -> bool {
    sandbox.vx("ruff").stdout().contains("EVIL")
}

fn script_shows_it(sandbox: &Sandbox) -> bool {
    sandbox.vx("run hello").stdout().contains("EVIL")
}

fn leaves_a_trace(sandbox: &Sandbox, words: &str) -> bool {
    sandbox.vx(words);
    acted(sandbox)
}

fn another_name_runs(sandbox: &Sandbox) -> bool {
    sandbox.vx("sync --force");
    sandbox.vx("ls").stdout().starts_with("ruff")
}

fn sync_asks(sandbox: &Sandbox) -> bool {
    let _ = fs::remove_dir_all(sandbox.home().join("cache/index"));
    let _ = fs::remove_file(sandbox.project().join("vx.lock"));
    sandbox.vx("sync --force");
    asked(sandbox)
}

fn frozen_sync_asks(sandbox: &Sandbox) -> bool {
    sandbox.vx("sync --force --frozen");
    asked(sandbox)
}

/// Returns whether the server got a request caused by the trick.
pub(super) fn asked(sandbox: &Sandbox) -> bool {
    sandbox.registry().server().requests().iter().any(|request| request.path.starts_with("/evil"))
}

fn variables(sandbox: &Sandbox) {
    sandbox.write("vx.toml", &format!("{TOOLS}[env]\nGREETING = \"EVIL\"\nPYTHONPATH = \"/EVIL\"\n{SCRIPT}"));
}

fn steering(sandbox: &Sandbox) {
    sandbox.write("start.sh", &evil(sandbox));
    let start = sandbox.project().join("start.sh").display().to_string();
    let mut text = format!("{TOOLS}{SCRIPT}[env]\n");
    for name in [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "NODE_OPTIONS",
        "GIT_SSH_COMMAND",
        "GIT_SSH",
        "GIT_PROXY_COMMAND",
        "PATH",
        "PYTHONSTARTUP",
        "IFS",
        "SHELLOPTS",
        "PS4",
        "VX_TRUST",
        "VX_HOME",
        "VX_UNDO",
    ] {
        text.push_str(&format!("{name} = \"/EVIL\"\n"));
    }
    text.push_str(&format!("BASH_ENV = \"{start}\"\nENV = \"{start}\"\nPROMPT_COMMAND = \". {start}\"\n"));
    sandbox.write("vx.toml", &text);
}

fn postinstall(sandbox: &Sandbox) {
    let command = evil(sandbox);
    let tool = format!("ruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}\nbiome = \"2.3.4\"\n");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}"));
}

fn install_env(sandbox: &Sandbox) {
    let tool = format!(
        "ruff = {{ version = \"0.15.1\", postinstall = \"eval $WHAT\", install_env = {{ WHAT = \"{}\" }} }}\n",
        evil(sandbox).replace(">>", "\\u003e\\u003e")
    );
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}"));
}

fn address(sandbox: &Sandbox) {
    let tool = evil_tool(sandbox, "ruff", "");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}"));
}

fn hiding(sandbox: &Sandbox) {
    let (env, ls) = (evil_tool(sandbox, "env", ""), evil_tool(sandbox, "ls", ""));
    sandbox.write("vx.toml", &format!("{TOOLS}{env}{ls}{SCRIPT}"));
}

fn package(sandbox: &Sandbox) {
    let script = format!("#!/bin/sh\n{}\necho EVIL\n", evil(sandbox));
    let files =
        ["ruff", "env", "ls"].map(|name| Entry::file(&format!("{{stem}}.data/scripts/{name}"), 0o755, script.clone()));
    publish_wheel(sandbox, "evil", "0.15.1", "", &files);
    let tool = "ruff = { version = \"0.15.1\", source = \"pypi\", package = \"evil\" }\n\"pypi:evil\" = \"0.15.1\"\n";
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}"));
}

fn renamed(sandbox: &Sandbox) {
    let path = "ruff-0.15.1.data/scripts/ruff";
    let tool = format!("ruff = {{ version = \"0.15.1\", bin = {{ ruff = \"{path}\", ls = \"{path}\" }} }}\n");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}"));
}

/// An archive whose `biome` leaves a trace.
fn evil_biome(sandbox: &Sandbox) -> Vec<u8> {
    let script = format!("#!/bin/sh\n{}\necho EVIL\n", evil(sandbox));
    tgz(&[Entry::file("package/biome", 0o755, script)])
}

fn lock_of_biome(source: &str, package: &str, file: &str, archive: &[u8], more: &str) -> String {
    let platform = Platform::current().expect("tests run where tools are known");
    let digest = digest(Algorithm::Sha512, archive);
    format!(
        "version = 3\n[tools.biome]\nrequest = \"2.3.4\"\nversion = \"2.3.4\"\nsource = \"{source}\"\n\
         [[tools.biome.platforms.{platform}]]\npackage = \"{package}\"\nversion = \"2.3.4\"\nfile = \"{file}\"\n\
         digest = \"{digest}\"\nstrip = 1\n{more}"
    )
}

fn locked_package(sandbox: &Sandbox) {
    let archive = evil_biome(sandbox);
    sandbox.registry().npm("evil", "2.3.4", &archive, Npm::default());
    sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{SCRIPT}"));
    sandbox.write("vx.lock", &lock_of_biome("npm", "evil", "evil-2.3.4.tgz", &archive, ""));
}

fn locked_address(sandbox: &Sandbox) {
    let archive = evil_biome(sandbox);
    sandbox.registry().know(&archive);
    sandbox.registry().server().serve("/evil/biome.tgz", crate::support::server::Reply::ok(archive.clone()));
    let url = format!("url = \"{}\"\n", sandbox.registry().server().url("/evil/biome.tgz"));
    sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{SCRIPT}"));
    sandbox.write("vx.lock", &lock_of_biome("url", "biome", "biome.tgz", &archive, &url));
}

fn mirror(sandbox: &Sandbox) {
    let url = sandbox.registry().server().url("/evil");
    let tool = "ruff = \"0.15.1\"\nnode = { version = \"22\", source = \"vendor\" }\n";
    sandbox.write("vx.toml", &format!("[tools]\n{tool}{SCRIPT}[settings]\nmirrors = {{ nodejs = \"{url}\" }}\n"));
}

fn npmrc(sandbox: &Sandbox) {
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}"));
    sandbox.write(".npmrc", &format!("@biomejs:registry={}\n", sandbox.registry().server().url("/evil/")));
}

fn uv_toml(sandbox: &Sandbox) {
    sandbox.write("vx.toml", &format!("[tools]\nruff = \"0.15.1\"\n{SCRIPT}"));
    sandbox.write("uv.toml", &format!("index-url = \"{}\"\n", sandbox.registry().server().url("/evil/")));
}

fn uv_toml_above(sandbox: &Sandbox) {
    uv_toml(sandbox);
    fs::rename(sandbox.project().join("uv.toml"), sandbox.root().join("uv.toml")).expect("it moves");
}

/// A `pip.conf` in the virtual environment that `VIRTUAL_ENV` names; the collection sets the variable.
fn pip_conf(sandbox: &Sandbox) {
    sandbox.write("vx.toml", &format!("[tools]\nruff = \"0.15.1\"\n{SCRIPT}"));
    fs::create_dir_all(sandbox.project().join(".venv")).expect("a directory");
    let index = sandbox.registry().server().url("/evil/");
    sandbox.write(".venv/pip.conf", &format!("[global]\nindex-url = {index}\n"));
}

/// vx asks uv and pip for the index, and system tools for their versions. Like many programs, this one obeys files in
/// the directory in which it is called.
fn obeyed(sandbox: &Sandbox) {
    let uv = sandbox.root().join("bin/uv");
    fs::create_dir_all(sandbox.root().join("bin")).expect("a directory");
    fs::write(&uv, "#!/bin/sh\n[ -e obey.sh ] && . ./obey.sh\necho 1.0.0\n").expect("a file");
    fs::set_permissions(&uv, fs::Permissions::from_mode(0o755)).expect("its mode");
    sandbox.write("obey.sh", &evil(sandbox));
    sandbox.write("vx.toml", &format!("[tools]\nruff = \"0.15.1\"\nuv = \"system\"\n{SCRIPT}"));
}

fn venv(sandbox: &Sandbox) {
    let bin = sandbox.project().join(".venv/bin");
    fs::create_dir_all(&bin).expect("a directory");
    fs::write(bin.join("env"), format!("#!/bin/sh\n{}\n", evil(sandbox))).expect("a file");
    fs::set_permissions(bin.join("env"), fs::Permissions::from_mode(0o755)).expect("its mode");
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}[python]\nvenv = \".venv\"\n"));
}

fn dotenv(sandbox: &Sandbox) {
    sandbox.write(".env", "FROM_FILE=EVIL\n");
    sandbox.write(".env.local", "FROM_OTHER_FILE=EVIL\nLD_PRELOAD=/EVIL.so\n");
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}[env]\nMODE = \"test\"\n"));
}

/// The user's own repository, with consent to this text as its vx.toml.
fn trusted(sandbox: &Sandbox, text: &str) -> std::path::PathBuf {
    let own = sandbox.root().join("trusted");
    fs::create_dir_all(own.join(".git/worktrees/one")).expect("a directory");
    fs::write(own.join("vx.toml"), text).expect("a file");
    vx_in(sandbox, &own, "trust --yes");
    own
}

fn linked(sandbox: &Sandbox) {
    let own = trusted(sandbox, &format!("{TOOLS}{SCRIPT}[env]\nGREETING = \"EVIL\"\n"));
    std::os::unix::fs::symlink(own.join("vx.toml"), sandbox.project().join("vx.toml")).expect("a link");
}

fn two_files(sandbox: &Sandbox) {
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}"));
    sandbox.write(".vx.toml", &format!("{TOOLS}{SCRIPT}[env]\nGREETING = \"EVIL\"\n"));
}

fn borrowed(sandbox: &Sandbox) {
    let text = format!("{TOOLS}{SCRIPT}[env]\nGREETING = \"EVIL\"\n");
    let own = trusted(sandbox, &text).join(".git");
    fs::write(own.join("worktrees/one/commondir"), "../..\n").expect("a file");
    let elsewhere = sandbox.root().join("one/.git");
    fs::write(own.join("worktrees/one/gitdir"), elsewhere.display().to_string()).expect("a file");
    sandbox.write("vx.toml", &text);
    sandbox.write(".git", &format!("gitdir: {}/worktrees/one\n", own.display()));
}

fn self_trust(sandbox: &Sandbox) {
    let text = "[trust]\nfolders = [\"/\", \"~\"]\nvariables = [\"GREETING\", \"LD_PRELOAD\"]\n";
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}{text}[env]\nGREETING = \"EVIL\"\nVX_TRUST = \"all\"\n"));
}

fn names(sandbox: &Sandbox) {
    let text =
        "\"../x\" = \"1\"\n\"n\u{43e}de\" = \"22\"\n\"/bin/sh\" = \"1\"\n\".launcher\" = \"1\"\n\"-x\" = \"1\"\n";
    sandbox.write("vx.toml", &format!("{TOOLS}{text}{SCRIPT}[env]\n\"LD_PREL\u{41e}AD\" = \"EVIL\"\n"));
}

fn codes(sandbox: &Sandbox) {
    let code = "\\u001b]0;EVIL\\u0007\\u001b[2J\\u202e";
    let name = code.replace("EVIL", "");
    let text = format!("[project]\nname = \"{code}\"\n[env]\n\"A{name}\" = \"{code}\"\nGREETING = \"EVIL{code}\"\n");
    sandbox.write("vx.toml", &format!("{TOOLS}{SCRIPT}\"{code}\" = \"true\"\n{text}"));
}
