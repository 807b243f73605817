//! Files around the project, in the folder above it: they came with it, or with whatever it was unpacked into.

use std::fs;

use super::Acts::{Never, WithConsent};
use super::Piece;
use super::settings::{npm_text, uv_text};
use crate::trust::generated::draft::{Draft, PLANTED};

/// All of them.
pub(super) const PIECES: [Piece; 6] = [
    Piece { name: "uv.toml above", lay: uv_toml, acts: WithConsent(&["lock"]) },
    Piece { name: "settings above", lay: settings, acts: Never(&["lock"]) },
    Piece { name: "vx.toml above", lay: vx_toml, acts: WithConsent(&["biome"]) },
    Piece { name: "folder behind a link", lay: folder_behind_link, acts: Never(&["run hello"]) },
    Piece { name: "services behind links", lay: services_behind_links, acts: Never(&["up --detach"]) },
    Piece { name: "nested projects", lay: nested, acts: Never(&["ruff"]) },
];

/// Write a file into the folder above, unless that is the home directory, whose files all count as the user's.
fn write_above(draft: &Draft<'_>, file: &str, text: &str) {
    let above = draft.directory.parent().expect("a folder");
    if above != draft.sandbox.root().join("user") {
        draft.write(&format!("../{file}"), text);
    }
}

fn uv_toml(draft: &mut Draft<'_>) {
    let text = uv_text(draft);
    write_above(draft, "uv.toml", &text);
    if draft.random.below(2) == 0 {
        fs::write(draft.sandbox.root().join("uv.toml"), &text).expect("a file");
    }
}

fn settings(draft: &mut Draft<'_>) {
    let text = npm_text(draft);
    write_above(draft, ".npmrc", &text);
    let pip = format!("[global]\nindex-url = {}\n", draft.address("/pip/"));
    for file in ["pip.conf", ".pip/pip.conf", ".config/pip/pip.conf"] {
        if !draft.directory.parent().expect("a folder").ends_with("user") {
            write_above(draft, file, &pip);
        }
    }
    write_above(draft, ".env", &format!("GREETING={PLANTED}\n"));
    write_above(draft, ".tool-versions", "node 18\n");
    write_above(draft, "Procfile", &format!("web: {}\n", draft.evil("settings above")));
    write_above(draft, "vx.lock", "version = 3\n");
}

/// A project further up, whose settings are inherited only with consent to that project.
fn vx_toml(draft: &mut Draft<'_>) {
    let command = draft.evil("vx.toml above").replace('"', "\\\"");
    let url = draft.address("/above.tgz");
    let text = format!(
        "[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}\nabove = {{ version = \"1\", url = \"{url}\" }}\n\
         [env]\nINHERITED = \"{PLANTED}\"\nLD_PRELOAD = \"/{PLANTED}\"\n[settings]\nsources = [\"npm\"]\nverify_checksums = false\n\
         [settings.mirrors]\nnodejs = \"{url}\"\n[agents.house]\nprogram = \"./agent\"\ntext = true\n\
         [services.above]\ncommand = \"sh -c '{command}'\"\n[scripts]\nhello = \"{command}\"\n"
    );
    write_above(draft, "vx.toml", &text);
    let agent = draft.evil_script("vx.toml above");
    write_above(draft, "agent", &agent);
}

fn folder_behind_link(draft: &mut Draft<'_>) {
    let aside = draft.sandbox.root().join("aside");
    let bin = aside.join("bin");
    fs::create_dir_all(&bin).expect("a directory");
    for name in ["env", "ruff", "python"] {
        fs::write(bin.join(name), draft.evil_script("folder behind a link")).expect("a file");
        super::super::draft::executable(&bin.join(name));
    }
    for (name, target) in [("linked", aside.as_path()), ("up", "..".as_ref()), ("loop", "loop".as_ref())] {
        draft.link(name, target);
    }
    draft.say_text("python", "venv", "linked");
}

fn services_behind_links(draft: &mut Draft<'_>) {
    let aside = draft.sandbox.root().join("Procfile");
    fs::write(&aside, format!("web: {}\n", draft.evil("services behind links"))).expect("a file");
    draft.link("Procfile", &aside);
    draft.link(".env", &draft.sandbox.root().join("user/.profile"));
    draft.say_text("services.outside", "command", "./run.sh");
    draft.say_text("services.outside", "directory", "../outside");
    let script = draft.evil_script("services behind links");
    write_above(draft, "outside/run.sh", &script);
}

/// Projects below and beside this one, which nobody has entered.
fn nested(draft: &mut Draft<'_>) {
    let text = format!(
        "[tools]\nruff = {{ version = \"0.15.1\", postinstall = {:?} }}\n[env]\nGREETING = \"{PLANTED}\"\n",
        draft.evil("nested projects")
    );
    for folder in ["sub", "packages/a", "node_modules/evil", ".git/modules/x", "vendor"] {
        if folder.starts_with(".git") && draft.directory.join(".git").is_file() {
            continue;
        }
        draft.write(&format!("{folder}/vx.toml"), &text);
    }
    draft.say("project", "root", "true");
    draft.say("workspace", "members", "[\"packages/*\", \"sub\"]");
    draft.say_text("include", "path", "sub/vx.toml");
}
