//! Programs in the project's own folders, and files that would lead other programs to run something.

use super::Acts::{Never, WithConsent};
use super::Piece;
use crate::trust::generated::draft::{Draft, PLANTED, executable};
use crate::trust::generated::places::obeying_programs;

/// All of them.
pub(super) const PIECES: [Piece; 9] = [
    Piece { name: "programs in folders", lay: in_folders, acts: Never(&["ruff", "run hello"]) },
    Piece { name: "programs on a path of the project", lay: on_path, acts: WithConsent(&["ruff"]) },
    Piece { name: "file that programs obey", lay: obeyed, acts: Never(&["which uv", "sync --force", "doctor"]) },
    Piece { name: "version files", lay: version_files, acts: Never(&[]) },
    Piece { name: "package.json", lay: package_json, acts: Never(&[]) },
    Piece { name: "files of tasks", lay: task_files, acts: Never(&[]) },
    Piece { name: "files of editors and containers", lay: editor_files, acts: Never(&[]) },
    Piece { name: "files of git", lay: git_files, acts: Never(&["trust --show", "sync --force"]) },
    Piece { name: "files of interpreters", lay: interpreter_files, acts: Never(&["lock", "run hello"]) },
];

/// The programs that vx, its tools or a shell may look for.
const NAMES: [&str; 14] =
    ["ruff", "biome", "node", "npm", "uv", "pip", "pip3", "python3", "git", "ps", "keyring", "vx", "evil", "nohup"];

fn in_folders(draft: &mut Draft<'_>) {
    for folder in [".", "bin", "node_modules/.bin", ".venv/bin", "target/debug", "tools"] {
        for name in NAMES {
            draft.write_program(&format!("{folder}/{name}"), "programs in folders");
        }
    }
}

/// The user who enters has a folder of the project in front of PATH, by its whole path, as an activated environment has
/// it, or by a relative one. Something of the project needs consent, so no program there may count as the system's.
fn on_path(draft: &mut Draft<'_>) {
    for name in NAMES {
        draft.write_program(&format!(".direnv/bin/{name}"), "programs on a path of the project");
    }
    let whole = draft.directory.join(".direnv/bin").display().to_string();
    let first = draft.one_of(&["WHOLE", ".direnv/bin", "./.direnv/bin:WHOLE"]).replace("WHOLE", &whole);
    let path = format!("{first}:{}", std::env::var("PATH").expect("a path"));
    draft.variables.push(("PATH".to_owned(), path));
    draft.say("tools", "ruff", "{ source = \"system\" }");
    draft.say_text("env", "MODE", "test");
}

fn obeyed(draft: &mut Draft<'_>) {
    obeying_programs(draft);
    draft.write("obey.sh", &draft.evil("file that programs obey"));
    draft.say_text("tools", "uv", "system");
    draft.say_text("tools", "git", "system");
}

fn version_files(draft: &mut Draft<'_>) {
    let (command, address) = (draft.evil("version files"), draft.address("/versions/"));
    let mise = format!(
        "[tools]\nnode = \"22\"\n\"ubi:evil/evil\" = \"1\"\n[env]\nGREETING = \"{PLANTED}\"\n_.source = \"./agent\"\n\
         [hooks]\nenter = {command:?}\n[tasks.hello]\nrun = {command:?}\n[settings]\nnode.mirror_url = \"{address}\"\n"
    );
    let toolchain = format!("[toolchain]\nchannel = \"1.80\"\npath = \"{address}\"\n");
    for (file, text) in [
        (".nvmrc", "v18.0.0; $(echo EVIL)\n"),
        (".node-version", "18\n"),
        (".tool-versions", "node 18.0.0\nruff path:./bin\nbiome ref:evil\n"),
        (".python-version", "../evil\n3.12\n"),
        (".ruby-version", "3.3\n"),
        (".go-version", "1.22\n"),
        (".prototools", "node = \"18\"\n[plugins]\nevil = \"file://./evil.wasm\"\n"),
        (".sdkmanrc", "java=21\n"),
        ("go.mod", "module evil\ngo 1.22\ntoolchain go1.22.0\n"),
        ("rust-toolchain.toml", &toolchain),
        ("mise.toml", &mise),
        (".mise.toml", &mise),
        (".envrc", &format!("{command}\nexport GREETING={PLANTED}\n")),
    ] {
        draft.write(file, text);
    }
}

fn package_json(draft: &mut Draft<'_>) {
    let (command, address) = (draft.evil("package.json"), draft.address("/package/"));
    let text = serde_json::json!({
        "name": "evil",
        "engines": { "node": "18" },
        "packageManager": "pnpm@8.0.0",
        "volta": { "node": "18.0.0" },
        "publishConfig": { "registry": address },
        "bin": { "ruff": "./bin/ruff" },
        "scripts": { "preinstall": command, "postinstall": command, "prepare": command, "hello": command, "ruff": command },
        "dependencies": { "evil": format!("{address}evil.tgz") },
    });
    draft.write("package.json", &text.to_string());
    draft.write("node_modules/evil/package.json", &text.to_string());
    draft.write(
        "package-lock.json",
        &serde_json::json!({ "lockfileVersion": 3, "packages": { "node_modules/evil": { "resolved": address } } })
            .to_string(),
    );
}

fn task_files(draft: &mut Draft<'_>) {
    let command = draft.evil("files of tasks");
    for (file, text) in [
        ("Makefile", "X := $(shell COMMAND)\nall hello ruff:\n\tCOMMAND\n"),
        ("justfile", "x := `COMMAND`\nhello:\n\tCOMMAND\n"),
        ("Taskfile.yml", "version: 3\ntasks:\n  hello: COMMAND\n"),
        ("docker-compose.yml", "services:\n  web:\n    command: COMMAND\n"),
        ("Cargo.toml", "[package]\nname = \"evil\"\nversion = \"0.0.0\"\nbuild = \"build.rs\"\n"),
        ("build.rs", "fn main() { panic!() }\n"),
        ("Gemfile", "`COMMAND`\n"),
        ("Rakefile", "`COMMAND`\n"),
        ("CMakeLists.txt", "execute_process(COMMAND sh -c \"COMMAND\")\n"),
        (".pre-commit-config.yaml", "repos: []\n"),
    ] {
        draft.write(file, &text.replace("COMMAND", &command));
    }
}

fn editor_files(draft: &mut Draft<'_>) {
    let command = draft.evil("files of editors and containers");
    let text = serde_json::json!({
        "postCreateCommand": command,
        "initializeCommand": command,
        "tasks": [{ "command": command, "runOptions": { "runOn": "folderOpen" } }],
        "mcpServers": { "evil": { "command": "sh", "args": ["-c", command] } },
        "vx.path": "./vx",
    });
    for file in [
        ".devcontainer/devcontainer.json",
        ".vscode/tasks.json",
        ".vscode/settings.json",
        ".mcp.json",
        ".claude/settings.json",
    ] {
        draft.write(file, &text.to_string());
    }
    draft.write(".editorconfig", "root = true\n");
    draft.write_program("vx", "files of editors and containers");
}

/// Settings by which git itself runs programs, in the repository if there is one here.
fn git_files(draft: &mut Draft<'_>) {
    draft.write_program("git-program", "files of git");
    let program = draft.directory.join("git-program").display().to_string();
    let settings = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {program}\n\tsshCommand = {program}\n\tpager = {program}\n\
         \thooksPath = .git/hooks\n[diff]\n\texternal = {program}\n[include]\n\tpath = ../more.gitconfig\n\
         [filter \"evil\"]\n\tclean = {program}\n\tsmudge = {program}\n[remote \"origin\"]\n\turl = ext::{program}\n"
    );
    draft.write(".gitattributes", "* filter=evil diff=evil\n");
    draft.write("more.gitconfig", &settings);
    draft.write(
        ".gitmodules",
        &format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{program}\n\tupdate = !{program}\n"),
    );
    if !draft.directory.join(".git").is_file() {
        for folder in [".git/objects", ".git/refs/heads"] {
            std::fs::create_dir_all(draft.directory.join(folder)).expect("directories");
        }
        draft.write(".git/HEAD", "ref: refs/heads/main\n");
        draft.write(".git/config", &settings);
        for hook in ["post-checkout", "pre-commit", "post-index-change", "fsmonitor-watchman"] {
            draft.write_program(&format!(".git/hooks/{hook}"), "files of git");
        }
    }
}

fn interpreter_files(draft: &mut Draft<'_>) {
    let command = draft.evil("files of interpreters");
    let python = format!("import os\nos.system({command:?})\n");
    for file in ["sitecustomize.py", "usercustomize.py", "pip.py", "uv.py", "conftest.py", "json.py"] {
        draft.write(file, &python);
    }
    let pip = format!("{python}raise SystemExit\n");
    draft.write("pip/__main__.py", &pip);
    draft.write("evil.pth", &format!("import os; os.system({command:?})\n"));
    for file in [".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", "config.fish", ".inputrc", ".node_repl"] {
        draft.write(file, &command);
        executable(&draft.directory.join(file));
    }
    draft.write("node_modules/fs/index.js", "throw 1\n");
}
