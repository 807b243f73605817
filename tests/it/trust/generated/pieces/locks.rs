//! Locks that a stranger wrote by hand, and other forms of the project's two files.

use std::fs;

use vx_base::digest::Algorithm;
use vx_base::system::platform::Platform;

use super::Acts::Never;
use super::Piece;
use crate::support::registry::archive::{Entry, tgz};
use crate::support::registry::{Npm, digest};
use crate::support::server::Reply;
use crate::trust::generated::draft::{Draft, PLANTED};

/// All of them.
pub(super) const PIECES: [Piece; 7] = [
    Piece { name: "lock of another package", lay: package, acts: Never(&["biome", "sync --frozen"]) },
    Piece { name: "lock of an address", lay: address, acts: Never(&["sync --frozen", "biome"]) },
    Piece { name: "lock of an older format", lay: older, acts: Never(&["sync --locked"]) },
    Piece { name: "lock of nothing", lay: broken, acts: Never(&[]) },
    Piece { name: "lock behind a link", lay: linked, acts: Never(&["sync --frozen", "biome"]) },
    Piece { name: "second vx.toml", lay: second, acts: Never(&["ruff", "sync --force"]) },
    Piece { name: "names of paths", lay: names, acts: Never(&["sync"]) },
];

/// An archive whose `biome` acts.
fn evil_biome(draft: &Draft<'_>, piece: &str) -> Vec<u8> {
    tgz(&[Entry::file("package/biome", 0o755, draft.evil_script(piece))])
}

fn lock(source: &str, package: &str, file: &str, archive: &[u8], more: &str) -> String {
    let platform = Platform::current().expect("tests run where tools are known");
    let digest = digest(Algorithm::Sha512, archive);
    format!(
        "version = 3\n[tools.biome]\nrequest = \"2.3.4\"\nversion = \"2.3.4\"\nsource = \"{source}\"\n\
         [[tools.biome.platforms.{platform}]]\npackage = \"{package}\"\nversion = \"2.3.4\"\nfile = \"{file}\"\n\
         digest = \"{digest}\"\nstrip = 1\n{more}"
    )
}

fn package(draft: &mut Draft<'_>) {
    let archive = evil_biome(draft, "lock of another package");
    draft.sandbox.registry().npm("evil-lock", "2.3.4", &archive, Npm::default());
    draft.write("vx.lock", &lock("npm", "evil-lock", "evil-lock-2.3.4.tgz", &archive, ""));
}

fn address(draft: &mut Draft<'_>) {
    let archive = evil_biome(draft, "lock of an address");
    draft.foreign.serve("/biome.tgz", Reply::ok(archive.clone()));
    let url = format!("url = \"{}\"\n", draft.address("/biome.tgz"));
    let source = draft.one_of(&["url", "npm", "vendor"]);
    let package = draft.one_of(&["biome", "@biomejs/cli-linux-x64"]);
    draft.write("vx.lock", &lock(source, package, "biome.tgz", &archive, &url));
}

fn older(draft: &mut Draft<'_>) {
    let version = draft.one_of(&["1", "2", "99"]);
    let url = draft.address("/older.tgz");
    let text = format!(
        "version = {version}\n[tools.ruff]\nversion = \"0.15.1\"\nsource = \"{url}\"\nresolved_from = \"{url}\"\n"
    );
    draft.write("vx.lock", &text);
}

fn broken(draft: &mut Draft<'_>) {
    let text = draft.one_of(&["", "version = 3\n[tools", "<<<<<<< ours\n", "\0\0\0", "version = 3\n[tools.ruff]\n"]);
    draft.write("vx.lock", text);
}

fn linked(draft: &mut Draft<'_>) {
    let aside = draft.sandbox.root().join("aside.lock");
    let archive = evil_biome(draft, "lock behind a link");
    fs::write(&aside, lock("url", "biome", "biome.tgz", &archive, "")).expect("a file");
    draft.link("vx.lock", &aside);
}

fn second(draft: &mut Draft<'_>) {
    let command = draft.evil("second vx.toml").replace('"', "\\\"");
    let text = format!(
        "[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}\n[env]\nGREETING = \"{PLANTED}\"\n"
    );
    for file in [".vx.toml", "vx.local.toml", ".config/vx.toml", ".vx/config.toml", "VX.TOML"] {
        draft.write(file, &text);
    }
}

/// Names of tools and variables that are paths, options, or look like others. They may make vx refuse the file.
fn names(draft: &mut Draft<'_>) {
    for name in ["../x", "n\u{43e}de", "/bin/sh", ".launcher", "-x", "a/../../b", "ruff\u{200b}"] {
        if draft.random.below(3) == 0 {
            draft.say_text("tools", name, "1");
        }
    }
    draft.say_text("env", "LD_PREL\u{41e}AD", PLANTED);
    draft.say_text("env", "A=B", PLANTED);
}
