//! Every door of a project, which is a way of using vx in it: each is opened in a directory, and returns everything
//! that was printed there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use vx_rpc::framed;

use super::super::{shim_in, vx_in};
use super::project::Project;
use crate::serving::mcp::Client;
use crate::support::pty::OnTerminal;
use crate::support::sandbox::Finished;

/// A door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// A command of vx whose standard output is an environment, or of a program; `DIRECTORY` is the project's.
    Runs(&'static str),
    /// A command of vx whose output may quote the project.
    Tells(&'static str),
    /// A shim.
    Link(&'static str),
    /// A shell with `vx activate` that enters and leaves.
    Shell(&'static str),
    /// A shell that evaluates the code of `vx env`.
    Evaluated,
    /// The files of a build service, written by `vx env`.
    Github,
    /// Completion in a shell.
    Completion,
    /// An interactive shell with `vx activate`.
    Interactive,
    /// The dashboard.
    Top,
    /// A command on a terminal, where a question is answered with no.
    Declined(&'static str),
    /// The requests to a daemon.
    Daemon,
    /// The calls of an agent's client.
    Mcp,
}

/// All doors. The doors that change the project's files come last.
pub(super) const DOORS: [Door; 91] = [
    Door::Runs("ruff"),
    Door::Runs("biome"),
    Door::Runs("x ruff"),
    Door::Runs("x biome"),
    Door::Runs("x ruff@0.15.1"),
    Door::Runs("x ls"),
    Door::Runs("x env"),
    Door::Runs("x --no-install ruff"),
    Door::Runs("ls"),
    Door::Runs("init"),
    Door::Runs("test"),
    Door::Runs("evil"),
    Door::Runs("say"),
    Door::Runs("run hello"),
    Door::Runs("run --no-install hello"),
    Door::Runs("--project DIRECTORY x ruff"),
    Door::Runs("--project DIRECTORY run hello"),
    Door::Runs("bridge ruff"),
    Door::Runs("bridge ls"),
    Door::Runs("board run typed -- true"),
    Door::Runs("env --shell bash"),
    Door::Runs("env --shell zsh"),
    Door::Runs("env --shell fish"),
    Door::Runs("env --shell powershell"),
    Door::Runs("env --shell json"),
    Door::Runs("activate bash"),
    Door::Runs("activate --hook bash"),
    Door::Runs("activate --hook zsh"),
    Door::Runs("activate --hook fish"),
    Door::Runs("activate --hook powershell"),
    Door::Runs("which ruff"),
    Door::Runs("which --all ruff"),
    Door::Runs("which evil"),
    Door::Runs("completions bash"),
    Door::Runs("completions zsh"),
    Door::Runs("completions fish"),
    Door::Link("ruff"),
    Door::Link("biome"),
    Door::Shell("bash"),
    Door::Shell("zsh"),
    Door::Shell("fish"),
    Door::Evaluated,
    Door::Github,
    Door::Completion,
    Door::Interactive,
    Door::Top,
    Door::Declined("sync --plain"),
    Door::Declined("install ruff --plain"),
    Door::Declined("trust"),
    Door::Daemon,
    Door::Mcp,
    Door::Tells("run --list"),
    Door::Tells("run --list --json"),
    Door::Tells("list"),
    Door::Tells("config"),
    Door::Tells("config --check"),
    Door::Tells("config tools.ruff"),
    Door::Tells("doctor --offline"),
    Door::Tells("doctor"),
    Door::Tells("outdated"),
    Door::Tells("sbom"),
    Door::Tells("search ruff"),
    Door::Tells("trust"),
    Door::Tells("trust --show"),
    Door::Tells("trust --list"),
    Door::Tells("trust --revoke"),
    Door::Tells("up"),
    Door::Tells("up web --detach"),
    Door::Tells("start web"),
    Door::Tells("restart web"),
    Door::Tells("rebuild web"),
    Door::Tells("stop web"),
    Door::Tells("retry web"),
    Door::Tells("logs web"),
    Door::Tells("ps"),
    Door::Tells("down"),
    Door::Tells("turn --agent house -p hello --json"),
    Door::Tells("board ls"),
    Door::Tells("board dump --json"),
    Door::Tells("sync --check"),
    Door::Tells("sync --dry-run"),
    Door::Tells("lock --check"),
    Door::Tells("install ruff"),
    Door::Tells("install biome --plain"),
    Door::Tells("sync --frozen"),
    Door::Tells("sync --locked"),
    Door::Tells("--project DIRECTORY sync --plain"),
    Door::Tells("lock"),
    Door::Tells("sync --force"),
    Door::Tells("use biome@2.3.4"),
    Door::Tells("doctor --fix --offline"),
];

/// Everything that came out of a door.
pub(super) struct Said {
    /// The output of programs, and environments. Nothing from the project may be in it.
    pub(super) effects: String,
    /// All output.
    pub(super) all: String,
    /// The exit code, if a process ended by itself.
    pub(super) code: Option<i32>,
    /// A question may have been asked.
    pub(super) may_ask: bool,
}

impl Said {
    fn of(finished: &Finished) -> Self {
        let all = finished.stdout() + &finished.stderr();
        Self { effects: finished.stdout(), all, code: finished.code(), may_ask: false }
    }

    fn without_effects(self) -> Self {
        Self { effects: String::new(), ..self }
    }

    fn shown(effects: String) -> Self {
        Self { all: effects.clone(), effects, code: Some(0), may_ask: false }
    }
}

impl Door {
    /// The door of a command of vx.
    pub(super) fn of_words(words: &'static str) -> Self {
        let is_it = |door: &&Self| matches!(door, Self::Runs(own) | Self::Tells(own) if *own == words);
        DOORS.iter().find(is_it).copied().unwrap_or(Self::Runs(words))
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Runs(words) | Self::Tells(words) => format!("vx {words}"),
            Self::Link(name) => format!("link {name}"),
            Self::Shell(shell) => format!("activate in {shell}"),
            Self::Declined(words) => format!("vx {words} on a terminal"),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    /// Go through the door; `None` if this machine does not have it.
    pub(super) fn open(self, project: &Project) -> Option<Said> {
        let (sandbox, entered) = (&project.sandbox, project.entered.as_path());
        Some(match self {
            Self::Runs(words) => Said::of(&in_or_above(project, words)),
            Self::Tells(words) => Said::of(&in_or_above(project, words)).without_effects(),
            Self::Link(name) => {
                project.make_links();
                Said::of(&shim_in(sandbox, entered, name))
            }
            Self::Shell(shell) => Said::of(&walk(project, shell)?),
            Self::Evaluated => {
                let script = "eval \"$($VX env --shell bash)\"; /usr/bin/env; set";
                Said::of(&in_shell(project, "bash", &["--norc", "-c", script], entered)?)
            }
            Self::Github => Said::shown(github(project)),
            Self::Completion => {
                let script = "eval \"$($VX completions bash)\"; COMP_WORDS=(vx ru); COMP_CWORD=1; _vx vx ru vx; \
                              COMP_WORDS=(vx run h); COMP_CWORD=2; _vx vx h run; echo \"${COMPREPLY[@]}\"";
                Said::of(&in_shell(project, "bash", &["--norc", "-c", script], entered)?)
            }
            Self::Interactive => interactive(project),
            Self::Top => {
                let mut top = command_in(project, "top");
                top.env("TERM", "xterm-256color");
                let mut top = OnTerminal::start(top);
                top.press("q");
                let (code, _) = top.ends();
                Said { code, ..Said::shown(String::new()) }
            }
            Self::Declined(words) => {
                let mut terminal = OnTerminal::start(command_in(project, words));
                // Each project further up asks its own question.
                terminal.press("n\rn\rn\r");
                let (code, text) = terminal.ends();
                Said { effects: String::new(), all: text.replace('\u{1b}', ""), code, may_ask: true }
            }
            Self::Daemon => Said::of(&daemon(project)).without_effects(),
            Self::Mcp => Said { all: mcp(project), ..Said::shown(String::new()) },
        })
    }
}

/// Run `vx` in the project, or above it if the words name the project.
fn in_or_above(project: &Project, words: &str) -> Finished {
    let directory = project.entered.display().to_string();
    let place = if words.contains("DIRECTORY") { project.sandbox.root() } else { project.entered.as_path() };
    vx_in(&project.sandbox, place, &words.replace("DIRECTORY", &directory))
}

fn command_in(project: &Project, words: &str) -> Command {
    let mut command = project.sandbox.command(words);
    command.current_dir(&project.entered);
    command
}

/// Run a shell of this machine; `None` if it has none of this name.
fn in_shell(project: &Project, shell: &str, words: &[&str], directory: &Path) -> Option<Finished> {
    let folders = ["/bin", "/usr/bin", "/usr/local/bin"];
    let program = folders.iter().map(|folder| Path::new(folder).join(shell)).find(|program| program.exists())?;
    let mut command = Command::new(program);
    command.args(words).current_dir(directory).env_clear().envs(project.sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx")).env("P", &project.entered);
    Some(project.sandbox.run(shell, command).finish())
}

/// A shell with `vx activate` that enters the project, prints its variables, calls a tool, and leaves.
fn walk(project: &Project, shell: &str) -> Option<Finished> {
    let bash = "eval \"$($VX activate bash)\"; cd \"$P\"; eval \"$PROMPT_COMMAND\"; eval \"$PROMPT_COMMAND\"\n\
                /usr/bin/env; set; /bin/bash -c :; cd /; eval \"$PROMPT_COMMAND\"; /usr/bin/env; true";
    let zsh = "eval \"$($VX activate zsh)\"; cd \"$P\"; _vx_hook; _vx_hook; /usr/bin/env; set; cd /; _vx_hook; true";
    let fish = "$VX activate fish | source; cd $P; _vx_hook; _vx_hook; /usr/bin/env; set; cd /; _vx_hook; true";
    let words = match shell {
        "bash" => ["--norc", "-c", bash],
        "zsh" => ["-f", "-c", zsh],
        _ => ["--no-config", "-c", fish],
    };
    in_shell(project, shell, &words, project.sandbox.root())
}

fn interactive(project: &Project) -> Said {
    let mut bash = Command::new("/bin/bash");
    bash.args(["--norc", "--noprofile", "-i"]).current_dir(project.sandbox.root()).env_clear();
    bash.envs(project.sandbox.environment()).env("VX", env!("CARGO_BIN_EXE_vx"));
    bash.env("P", &project.entered).env("PS1", "> ");
    let mut bash = OnTerminal::start(bash);
    bash.press("eval \"$($VX activate bash)\"\rcd \"$P\"\r:\r/usr/bin/env\rcd /\r:\rexit 0\r");
    let (code, text) = bash.ends();
    // Other lines contain bash's own control codes.
    let effects: String = text.lines().filter(|line| line.contains('=')).map(|line| line.to_owned() + "\n").collect();
    Said { effects, all: String::new(), code, may_ask: text.contains("[y/N]") }
}

/// The files that a build service would read.
fn github(project: &Project) -> String {
    let files = ["github-path", "github-env"].map(|name| project.sandbox.root().join(name));
    let mut command = command_in(project, "env --shell github");
    command.env("GITHUB_PATH", &files[0]).env("GITHUB_ENV", &files[1]);
    project.sandbox.run("vx env --shell github", command).finish();
    files.iter().map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
}

/// The answers of a daemon to all requests about a project.
fn daemon(project: &Project) -> Finished {
    let variables: BTreeMap<String, String> = project.sandbox.environment().into_iter().collect();
    let here = json!({ "directory": project.entered, "variables": variables });
    let with = |name: &str, value: Value| {
        let mut params = here.clone();
        params[name] = value;
        params
    };
    let asked = [
        ("initialize", json!({ "protocol": { "min": 1, "max": 1 } })),
        ("vx/project", here.clone()),
        ("vx/environment", here.clone()),
        ("vx/resolve", with("runtime", json!("ruff"))),
        ("vx/listVersions", with("runtime", json!("ruff"))),
        ("vx/sync", here.clone()),
        ("vx/install", with("runtime", json!("biome"))),
        ("vx/up", here.clone()),
        ("shutdown", json!({})),
    ];
    let lines = (1..).zip(asked).map(|(id, (method, params))| {
        framed(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
    });
    let file = project.sandbox.root().join("asked");
    fs::write(&file, lines.flatten().collect::<Vec<u8>>()).expect("a file");
    let input = Stdio::from(File::open(file).expect("a file"));
    let command = command_in(project, "daemon run --stdio");
    project.sandbox.run_with("daemon run --stdio", command, input).finish()
}

/// The answers to the calls of an agent's client that may change things.
fn mcp(project: &Project) -> String {
    let mut client = Client::allowed(&project.sandbox);
    let directory = json!(project.entered);
    let calls = [
        ("project", json!({})),
        ("resolve", json!({ "name": "ruff" })),
        ("sync", json!({})),
        ("service", json!({ "name": "web", "action": "start" })),
        ("service", json!({ "name": "web", "action": "rebuild" })),
        ("run", json!({ "script": "hello" })),
        ("logs", json!({ "name": "web" })),
        ("boards", json!({})),
    ];
    let mut said = String::new();
    for (id, (tool, mut arguments)) in (1..).zip(calls) {
        if tool != "boards" {
            arguments["directory"] = directory.clone();
        }
        client.begin(id, tool, &arguments);
        said += &client.answer(id).to_string();
    }
    said
}
