//! Settings files of package managers, in every place of the project where one of them would look. All of them name a
//! foreign index.

use std::fs;

use super::Acts::{Never, WithConsent};
use super::Piece;
use crate::trust::generated::draft::{Draft, PLANTED};

/// All of them.
pub(super) const PIECES: [Piece; 11] = [
    Piece { name: ".npmrc", lay: npmrc, acts: WithConsent(&["lock"]) },
    Piece { name: ".npmrc of other settings", lay: npmrc_of_others, acts: Never(&["lock"]) },
    Piece { name: ".npmrc behind a link", lay: npmrc_behind_link, acts: WithConsent(&["lock"]) },
    Piece { name: "uv.toml", lay: uv_toml, acts: WithConsent(&["lock"]) },
    Piece { name: "uv.toml behind a link", lay: uv_toml_behind_link, acts: WithConsent(&["lock"]) },
    Piece { name: "pip.conf of an environment", lay: pip_conf, acts: WithConsent(&["lock"]) },
    Piece { name: "pip.conf elsewhere", lay: pip_conf_elsewhere, acts: Never(&["lock"]) },
    Piece { name: "pyproject.toml and its kin", lay: pyproject, acts: Never(&["lock"]) },
    Piece { name: "settings of other managers", lay: others, acts: Never(&["lock"]) },
    Piece { name: "file of variables", lay: dotenv, acts: WithConsent(&["run hello"]) },
    Piece { name: "file of steering variables", lay: steering_dotenv, acts: Never(&["run hello"]) },
];

/// The ways to write an index in `uv.toml`.
const UV_SPELLINGS: [&str; 5] = [
    "index-url = \"ADDRESS\"\n",
    "[[index]]\nurl = \"ADDRESS\"\ndefault = true\n",
    "[pip]\nindex-url = \"ADDRESS\"\n",
    "index = [{ name = \"x\", url = \"ADDRESS\", default = true }]\n",
    "extra-index-url = [\"ADDRESS\"]\nindex-url = \"ADDRESS\"\nallow-insecure-host = [\"127.0.0.1\"]\n",
];

/// The ways to write a registry in `.npmrc`.
const NPM_SPELLINGS: [&str; 4] = [
    "registry=ADDRESS\n",
    "@biomejs:registry=ADDRESS\n",
    "registry = ADDRESS\n@biomejs:registry = \"ADDRESS\"\n",
    "\"@biomejs:registry\"=ADDRESS\n@biomejs:registry=ADDRESS\n//127.0.0.1/:_authToken=x\n",
];

/// An index at the foreign server, in some spelling of `uv.toml`.
pub(super) fn uv_text(draft: &mut Draft<'_>) -> String {
    draft.one_of(&UV_SPELLINGS).replace("ADDRESS", &draft.address("/uv/"))
}

/// A registry at the foreign server, in some spelling of `.npmrc`.
pub(super) fn npm_text(draft: &mut Draft<'_>) -> String {
    draft.one_of(&NPM_SPELLINGS).replace("ADDRESS", &draft.address("/npmrc/"))
}

fn npmrc(draft: &mut Draft<'_>) {
    let text = npm_text(draft);
    draft.write(".npmrc", &text);
}

fn npmrc_of_others(draft: &mut Draft<'_>) {
    draft.write_program("shell.sh", ".npmrc of other settings");
    let (address, shell) = (draft.address("/"), draft.directory.join("shell.sh"));
    let text = format!(
        "proxy={address}\nhttps-proxy={address}\nnoproxy=\nnode-options=--require=/{PLANTED}\nscript-shell={}\n\
         prefix=/{PLANTED}\ngit={}\nglobalconfig=other.npmrc\nuserconfig=other.npmrc\nstrict-ssl=false\ncafile=ca.pem\n",
        shell.display(),
        shell.display(),
    );
    draft.write(".npmrc", &text);
    let other = npm_text(draft);
    draft.write("other.npmrc", &other);
    draft.write("etc/npmrc", &other);
}

/// Make a link to a file beside the project, which somebody else wrote.
fn link_aside(draft: &Draft<'_>, file: &str, text: &str) {
    let aside = draft.sandbox.root().join(format!("aside{file}"));
    fs::write(&aside, text).expect("a file");
    draft.link(file, &aside);
}

fn npmrc_behind_link(draft: &mut Draft<'_>) {
    let text = npm_text(draft);
    link_aside(draft, ".npmrc", &text);
}

fn uv_toml(draft: &mut Draft<'_>) {
    let text = uv_text(draft);
    draft.write("uv.toml", &text);
}

fn uv_toml_behind_link(draft: &mut Draft<'_>) {
    let text = uv_text(draft);
    link_aside(draft, "uv.toml", &text);
}

fn pip_text(draft: &Draft<'_>) -> String {
    let index = draft.address("/pip/");
    format!("[global]\nindex-url = {index}\ntrusted-host = 127.0.0.1\n[install]\nindex-url = {index}\n")
}

/// The user who enters has activated the project's own virtual environment.
fn pip_conf(draft: &mut Draft<'_>) {
    draft.write(".venv/pip.conf", &pip_text(draft));
    let environment = draft.directory.join(".venv").display().to_string();
    draft.variables.push(("VIRTUAL_ENV".to_owned(), environment));
}

fn pip_conf_elsewhere(draft: &mut Draft<'_>) {
    let text = pip_text(draft);
    for file in ["pip.conf", "pip.ini", ".pip/pip.conf", ".config/pip/pip.conf", "pip/pip.conf", "setup.cfg", "tox.ini"]
    {
        draft.write(file, &text);
    }
    draft.write("requirements.txt", &format!("--index-url {}\nruff\n", draft.address("/pip/")));
}

fn pyproject(draft: &mut Draft<'_>) {
    let address = draft.address("/pyproject/");
    let text = format!(
        "[build-system]\nrequires = []\nbuild-backend = \"evil\"\nbackend-path = [\".\"]\n[tool.uv]\nindex-url = \"{address}\"\n\
         [[tool.uv.index]]\nurl = \"{address}\"\ndefault = true\n[tool.uv.pip]\nindex-url = \"{address}\"\n\
         [[tool.poetry.source]]\nname = \"x\"\nurl = \"{address}\"\npriority = \"primary\"\n[tool.vx.env]\nGREETING = \"{PLANTED}\"\n"
    );
    draft.write("pyproject.toml", &text);
    draft.write("evil.py", "raise SystemExit(7)\n");
    let uv = uv_text(draft);
    draft.write(".config/uv/uv.toml", &uv);
    draft.write(
        "uv.lock",
        &format!("version = 1\n[[package]]\nname = \"ruff\"\nsource = {{ registry = \"{address}\" }}\n"),
    );
}

fn others(draft: &mut Draft<'_>) {
    let address = draft.address("/others/");
    for (file, text) in [
        (".yarnrc.yml", "npmRegistryServer: \"ADDRESS\"\nyarnPath: ./agent\n"),
        (".yarnrc", "registry \"ADDRESS\"\n"),
        ("bunfig.toml", "[install]\nregistry = \"ADDRESS\"\n"),
        (".pnpmfile.cjs", "throw 1\n"),
        ("pnpm-workspace.yaml", "registry: ADDRESS\n"),
        (".condarc", "channels: [ADDRESS]\n"),
        ("poetry.toml", "[repositories.x]\nurl = \"ADDRESS\"\n"),
        (".pypirc", "[pypi]\nrepository = ADDRESS\n"),
        (".cargo/config.toml", "[source.crates-io]\nreplace-with = \"x\"\n[source.x]\nregistry = \"ADDRESS\"\n"),
        (".netrc", "machine 127.0.0.1 login EVIL password EVIL\n"),
        (".curlrc", "proxy = ADDRESS\n"),
        (".wgetrc", "http_proxy = ADDRESS\n"),
    ] {
        draft.write(file, &text.replace("ADDRESS", &address));
    }
}

/// A file of variables in a project of which something needs consent: it is withheld, too. Variables that steer
/// programs never count.
fn dotenv(draft: &mut Draft<'_>) {
    draft.write(".env", &format!("FROM_FILE={PLANTED}\nBASH_ENV=/{PLANTED}\nPATH=/{PLANTED}\n"));
    draft.write(".env.local", &format!("FROM_OTHER_FILE={PLANTED}\nLD_PRELOAD=/{PLANTED}.so\nVX_TRUST=all\n"));
    draft.say_text("env", "MODE", "test");
}

/// Variables that steer programs, in a project of which nothing is withheld.
fn steering_dotenv(draft: &mut Draft<'_>) {
    let start = draft.directory.join(".start.sh");
    draft.write(".start.sh", &draft.evil("file of steering variables"));
    let text = format!(
        "BASH_ENV={0}\nENV={0}\nLD_PRELOAD=/{PLANTED}.so\nPATH=/{PLANTED}\nVX_TRUST={PLANTED}\n",
        start.display()
    );
    draft.write(".env", &text);
    draft.write(".env.local", &text);
}
