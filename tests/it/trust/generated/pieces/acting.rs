//! The parts of a `vx.toml` that act: some of each kind that needs consent, and parts that never count.

use serde_json::json;
use vx_base::digest::Algorithm;

use super::Acts::{Never, WithConsent};
use super::Piece;
use crate::installs::packages::{cli, publish, publish_wheel};
use crate::support::registry::archive::{Entry, tgz};
use crate::support::registry::digest;
use crate::support::server::Reply;
use crate::trust::generated::draft::{Draft, PLANTED, quoted};

/// All of them.
pub(super) const PIECES: [Piece; 25] = [
    Piece { name: "variables", lay: variables, acts: WithConsent(&["ruff"]) },
    Piece { name: "steering variables", lay: steering, acts: Never(&["ruff", "run hello"]) },
    Piece { name: "variables in a shell's words", lay: shell_words, acts: WithConsent(&["ruff"]) },
    Piece { name: "command after an install", lay: postinstall, acts: WithConsent(&["sync --force"]) },
    Piece { name: "script after an install", lay: postinstall_script, acts: WithConsent(&["sync --force"]) },
    Piece { name: "variable of an install", lay: install_env, acts: WithConsent(&["sync --force"]) },
    Piece { name: "tool from an address", lay: address, acts: WithConsent(&["sync"]) },
    Piece { name: "tool from addresses by platform", lay: address_by_platform, acts: WithConsent(&["sync"]) },
    Piece { name: "npm package", lay: npm_package, acts: WithConsent(&["evil"]) },
    Piece { name: "python package", lay: python_package, acts: WithConsent(&["evil-wheel"]) },
    Piece { name: "package for a tool", lay: package_for_tool, acts: WithConsent(&["ruff"]) },
    Piece { name: "programs by other names", lay: renamed, acts: Never(&["ls"]) },
    Piece { name: "mirror", lay: mirror, acts: WithConsent(&["sync"]) },
    Piece { name: "weaker checks", lay: weaker, acts: Never(&[]) },
    Piece { name: "hooks", lay: hooks, acts: Never(&["sync", "run hello"]) },
    Piece { name: "agents", lay: agents, acts: WithConsent(&["turn --agent house -p hello --json"]) },
    Piece { name: "services", lay: services, acts: WithConsent(&["up --detach"]) },
    Piece { name: "services elsewhere", lay: services_elsewhere, acts: WithConsent(&["up --detach"]) },
    Piece { name: "services that ask", lay: services_that_ask, acts: WithConsent(&["up --detach"]) },
    Piece { name: "Procfile", lay: procfile, acts: WithConsent(&["up --detach"]) },
    Piece { name: "scripts like commands", lay: scripts, acts: Never(&["ls", "test"]) },
    Piece { name: "virtual environment", lay: venv, acts: WithConsent(&["run hello"]) },
    Piece { name: "trust in itself", lay: self_trust, acts: Never(&["ruff"]) },
    Piece { name: "control codes", lay: codes, acts: WithConsent(&["ruff", "trust --show"]) },
    Piece { name: "many keys", lay: many_keys, acts: Never(&[]) },
];

fn variables(draft: &mut Draft<'_>) {
    for name in ["GREETING", "PYTHONPATH", "DATABASE_URL", "HTTP_PROXY", "UV_DEFAULT_INDEX", "npm_config_registry"] {
        if name == "GREETING" || draft.random.below(2) == 0 {
            let value = format!("{}/{PLANTED}", draft.address(""));
            draft.say_text("env", name, &value);
        }
    }
}

fn steering(draft: &mut Draft<'_>) {
    const NAMES: [&str; 22] = [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "PATH",
        "NODE_OPTIONS",
        "GIT_SSH_COMMAND",
        "GIT_SSH",
        "GIT_PROXY_COMMAND",
        "GIT_CONFIG_COUNT",
        "PYTHONSTARTUP",
        "PYTHONHOME",
        "PERL5OPT",
        "IFS",
        "PS1",
        "PS4",
        "SHELLOPTS",
        "VX_TRUST",
        "VX_HOME",
        "VX_UNDO",
        "path",
        "ZDOTDIR",
        "LESSOPEN",
    ];
    draft.write_program("start.sh", "steering variables");
    let start = draft.directory.join("start.sh").display().to_string();
    for name in NAMES {
        if draft.random.below(3) > 0 {
            draft.say_text("env", name, &format!("/{PLANTED}"));
        }
    }
    for name in ["BASH_ENV", "ENV"] {
        draft.say_text("env", name, &start);
    }
    draft.say_text("env", "PROMPT_COMMAND", &format!(". {start}"));
}

/// Names and values that a shell would split or expand.
fn shell_words(draft: &mut Draft<'_>) {
    let command = draft.evil("shell words");
    for (name, value) in [
        ("A", format!("EVIL $({command})")),
        ("B", format!("EVIL `{command}`")),
        ("C", format!("EVIL'; {command}; '")),
        ("D", format!("EVIL\"; {command}; \"")),
        ("E", format!("EVIL\n{command}\n")),
        ("F", format!("EVIL' ); {command}; #")),
    ] {
        draft.say_text("env", name, &value);
    }
    let name = draft.one_of(&["hello; ", "a b", "$(x)", "`x`", "'", "\\"]);
    draft.say_text("scripts", name, &command);
    draft.say_text("project", "name", &format!("$({command})'\"`{command}`"));
}

fn postinstall(draft: &mut Draft<'_>) {
    let (tool, version) = draft.tool();
    let command = draft.evil("postinstall");
    draft.say("tools", tool, &format!("{{ version = \"{version}\", postinstall = {} }}", quoted(&command)));
}

fn postinstall_script(draft: &mut Draft<'_>) {
    let (tool, version) = draft.tool();
    draft.write_program("tools/set up.sh", "script after an install");
    let script = draft.directory.join("tools/set up.sh").display().to_string();
    let call = draft.one_of(&["sh 'SCRIPT'", "'SCRIPT'", "cd / && 'SCRIPT'"]).replace("SCRIPT", &script);
    draft.say("tools", tool, &format!("{{ version = \"{version}\", postinstall = {} }}", quoted(&call)));
}

fn install_env(draft: &mut Draft<'_>) {
    let (tool, version) = draft.tool();
    let command = quoted(&draft.evil("install_env"));
    let value = format!(
        "{{ version = \"{version}\", postinstall = \"eval \\\"$WHAT\\\"\", install_env = {{ WHAT = {command} }} }}"
    );
    draft.say("tools", tool, &value);
}

/// An archive of a foreign server, whose program acts.
fn served(draft: &mut Draft<'_>) -> (&'static str, String, String) {
    let tool = draft.one_of(&["say", "ls", "git", "env", "sudo", "ruff", "node"]);
    let archive = tgz(&[Entry::file(&format!("package/bin/{tool}"), 0o755, draft.evil_script("address"))]);
    let path = format!("/{tool}.tgz");
    draft.foreign.serve(&path, Reply::ok(archive.clone()));
    (tool, draft.address(&path), digest(Algorithm::Sha256, &archive).hex())
}

fn address(draft: &mut Draft<'_>) {
    let (tool, url, sha256) = served(draft);
    let sealed = draft.one_of(&[true, false]);
    let sealed = if sealed { format!("sha256 = \"{sha256}\", ") } else { String::new() };
    draft.say(
        "tools",
        tool,
        &format!("{{ version = \"1.0.0\", url = \"{url}\", {sealed}strip = 1, bin = [\"bin/{tool}\"] }}"),
    );
}

fn address_by_platform(draft: &mut Draft<'_>) {
    let (tool, url, _) = served(draft);
    let (host, file) = url.rsplit_once('/').expect("a path");
    let platform = vx_base::system::platform::Platform::current().expect("tests run where tools are known");
    draft.say(
        "tools",
        tool,
        &format!(
            "{{ version = \"1.0.0\", url = {{ {platform} = \"{host}/{file}\" }}, strip = 1, bin = [\"bin/{tool}\"] }}"
        ),
    );
}

/// A package that the user's own registry has: with consent it would be installed and run.
fn npm_package(draft: &mut Draft<'_>) {
    draft.sandbox.registry().offer("node", "22.1.0");
    let script = Entry { mode: 0o755, ..cli("cli.js", "evil") };
    let text = format!(
        "#!/usr/bin/env node\n\":\" //; {}; echo {PLANTED}; exit\nconsole.log(\"{PLANTED}\");\n",
        draft.evil("npm package")
    );
    let script = Entry { bytes: text.into(), ..script };
    publish(draft.sandbox, "evil", "1.0.0", &json!({ "bin": { "evil": "./cli.js", "ls": "./cli.js" } }), &[script]);
    draft.say_text("tools", "node", "22");
    draft.say_text("tools", "npm:evil", "1");
}

fn publish_evil_wheel(draft: &Draft<'_>, package: &str, version: &str, programs: &[&str]) {
    let script = draft.evil_script(package);
    let file = |name: &&str| Entry::file(&format!("{{stem}}.data/scripts/{name}"), 0o755, script.clone());
    publish_wheel(draft.sandbox, package, version, "", &programs.iter().map(file).collect::<Vec<_>>());
}

fn python_package(draft: &mut Draft<'_>) {
    publish_evil_wheel(draft, "evil-wheel", "1.0.0", &["evil-wheel", "env", "ls"]);
    draft.say_text("tools", "pypi:evil-wheel", "1");
}

fn package_for_tool(draft: &mut Draft<'_>) {
    publish_evil_wheel(draft, "other-ruff", "0.15.1", &["ruff", "env", "ls"]);
    draft.say("tools", "ruff", "{ version = \"0.15.1\", source = \"pypi\", package = \"other-ruff\" }");
}

fn renamed(draft: &mut Draft<'_>) {
    let path = "ruff-0.15.1.data/scripts/ruff";
    let bin = format!("bin = {{ ruff = \"{path}\", ls = \"{path}\", git = \"{path}\" }}");
    draft.say("tools", "ruff", &format!("{{ version = \"0.15.1\", {bin} }}"));
}

fn mirror(draft: &mut Draft<'_>) {
    let sites = ["nodejs", "github", "python", "rust"];
    let address = draft.address("/mirror");
    sites.iter().for_each(|site| draft.say_text("settings.mirrors", site, &address));
    draft.say("tools", "node", "{ version = \"22\", source = \"vendor\" }");
    draft.say_text("tools", "gh", "2");
}

fn weaker(draft: &mut Draft<'_>) {
    draft.say("settings", "verify_checksums", "false");
    draft.say("settings", "require_signatures", "false");
    draft.say_text("settings", "minimum_release_age", "0");
    let order = draft.one_of(&["[\"pypi\"]", "[\"npm\"]", "[\"vendor\", \"npm\", \"pypi\"]", "[\"system\"]"]);
    draft.say("settings", "sources", order);
}

fn hooks(draft: &mut Draft<'_>) {
    draft.write_program("hook.sh", "hooks");
    for name in ["enter", "leave", "pre_commit", "pre_sync", "post_sync", "post_setup", "pre_run", "post_install"] {
        let command = draft.one_of(&["./hook.sh", "sh hook.sh", "COMMAND"]).replace("COMMAND", &draft.evil("hooks"));
        draft.say_text("hooks", name, &command);
    }
}

fn agents(draft: &mut Draft<'_>) {
    draft.write_program("agent", "agents");
    for name in ["house", "claude", "codex"] {
        let table = format!("agents.{name}");
        draft.say_text(&table, "program", "./agent");
        draft.say(&table, "args", "[\"--ask\", \"{prompt}\"]");
        draft.say_text(&table, "prompt_via", "argument");
        draft.say(&table, "text", "true");
    }
}

fn services(draft: &mut Draft<'_>) {
    let command = draft.evil("services");
    draft.say_text("services.web", "command", &command);
    draft.say("services.web", "shell", "true");
    draft.say_text("services.web", "restart", "never");
    if draft.random.below(2) == 0 {
        draft.say_text("services.web", "build", &format!("sh -c '{command}'"));
    }
    if draft.random.below(2) == 0 {
        draft.say("services.web", "watch", "[\"**/*\"]");
    }
    if draft.random.below(2) == 0 {
        draft.write("web.env", &format!("LD_PRELOAD=/{PLANTED}\nGREETING={PLANTED}\n"));
        draft.say_text("services.web", "env_file", "web.env");
    }
}

/// Services whose commands are found from other places than the project's directory.
fn services_elsewhere(draft: &mut Draft<'_>) {
    for path in ["api/run.sh", "tools/run.sh", "run.sh"] {
        draft.write_program(path, "services elsewhere");
    }
    let forms = [
        ("command = \"./run.sh\"", "directory = \"api\""),
        ("command = \"cd tools && ./run.sh\"", "shell = true"),
        ("command = \"./run*.sh\"", "shell = true"),
        ("command = \"$PWD/run.sh\"", "shell = true"),
        ("command = [\"sh\", \"api/run.sh\"]", "optional = false"),
    ];
    let (command, more) = draft.one_of(&forms);
    for line in [command, more, "restart = \"never\""] {
        let (key, value) = line.split_once(" = ").expect("a key");
        draft.say("services.elsewhere", key, value);
    }
}

/// Services whose checks and whose external servers are at foreign addresses.
fn services_that_ask(draft: &mut Draft<'_>) {
    let address = draft.address("/healthz");
    let host = address.trim_start_matches("http://").trim_end_matches("/healthz").to_owned();
    let info = json!({ "pid": std::process::id(), "protocol": "http", "protocolVersion": 1, "addr": host });
    draft.write("run/api.devinfo", &info.to_string());
    draft.say_text("services.api", "command", "sleep 733");
    draft.say_text("services.api", "external", "run/api.devinfo");
    let command = draft.evil("services that ask");
    draft.say_text("services.asking", "command", "true");
    draft.say_text("services.asking", "restart", "never");
    let ready = draft.one_of(&["command", "http"]);
    let check = if ready == "http" { address } else { format!("sh -c '{command}'") };
    draft.say("services.asking", "ready", &format!("{{ {ready} = {}, timeout = \"1s\" }}", quoted(&check)));
}

fn procfile(draft: &mut Draft<'_>) {
    let command = draft.evil("Procfile");
    draft.write("Procfile", &format!("web: {command}\nworker: PORT=$PORT {command}\n"));
    draft.write(".env", &format!("LD_PRELOAD=/{PLANTED}\n"));
}

fn scripts(draft: &mut Draft<'_>) {
    let command = draft.evil("scripts");
    for name in ["ls", "init", "test", "env", "ruff", "biome", "git", "sync", "build", "shutdown", "postinstall"] {
        draft.say_text("scripts", name, &command);
    }
    draft.say("scripts", "later", &format!("{{ command = {}, depends = [\"build\"] }}", quoted(&command)));
    draft.say_text("aliases", "hello", "build");
}

fn venv(draft: &mut Draft<'_>) {
    for name in ["env", "ls", "git", "python", "uv"] {
        draft.write_program(&format!(".venv/bin/{name}"), "virtual environment");
    }
    draft.write(".venv/pyvenv.cfg", "home = /usr/bin\n");
    draft.say_text("python", "venv", ".venv");
}

fn self_trust(draft: &mut Draft<'_>) {
    draft.say("trust", "folders", "[\"/\", \"~\", \".\"]");
    draft.say("trust", "variables", "[\"GREETING\", \"LD_PRELOAD\", \"PATH\"]");
    draft.say_text("env", "GREETING", PLANTED);
    draft.say_text("env", "LD_PRELOAD", &format!("/{PLANTED}"));
    draft.say_text("env", "VX_TRUST", "all");
}

fn codes(draft: &mut Draft<'_>) {
    let code = format!("\u{1b}]0;{PLANTED}\u{7}\u{1b}[2J\u{202e}\u{9d}");
    draft.say_text("project", "name", &code);
    draft.say_text("env", "GREETING", &format!("{PLANTED}{code}"));
    let command = draft.evil("control codes");
    draft.say_text("scripts", &code.replace(PLANTED, "x"), &command);
    draft.say_text("hooks", "enter", &format!("{command}\u{1b}[1A\u{1b}[2K"));
}

/// Many unknown keys, each of which is compared with the known ones.
fn many_keys(draft: &mut Draft<'_>) {
    for number in 0..60 {
        draft.say_text("tools", &format!("unknown-tool-{number}"), "1");
        draft.say_text(&format!("unknown.table{}", number % 20), &format!("key{number}"), PLANTED);
    }
}
