//! Choosing a release: every way to ask vx gives the same answer, for every kind of project.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::sandbox::{Finished, Sandbox, text};

/// The answer to "which node is meant".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// This release.
    Release(&'static str),
    /// The copy on the search path, without a notice.
    System,
    /// The pinned release is not installed: an error, or a notice if the system's copy stands in for it.
    Said,
    /// No node at all.
    Nothing,
}

use Answer::{Nothing, Release, Said, System};

/// A kind of project: the files of two directories, the user's own file, and a node on the search path.
struct Case {
    name: &'static str,
    above: &'static str,
    project: &'static str,
    own: &'static str,
    system: bool,
    synced: bool,
    answer: Answer,
}

const NONE: Case =
    Case { name: "none", above: "", project: "", own: "", system: true, synced: true, answer: Answer::System };
const SCRIPTS: &str = "[scripts]\nshow = \"node --version\"\n";
const NODE_20: &str = "[tools]\nnode = \"20\"\n";
const NODE_22: &str = "[tools]\nnode = \"22\"\n";
const NODE_OF_SYSTEM: &str = "[tools]\nnode = \"system\"\n";
const NODE_OF_SYSTEM_99: &str = "[tools]\nnode = { version = \">=99\", source = \"system\" }\n";
const NEVER_INSTALLED: &str = "[tools]\nnode = \"22\"\n[settings]\nauto_install = false\n";
const OPTIONAL: &str = "[tools]\nnode = { version = \"99\", optional = true }\n";
const UV: &str = "[tools]\nuv = \"0.9\"\n";

const CASES: [Case; 14] = [
    NONE,
    Case { name: "none, and none on PATH", system: false, answer: Nothing, ..NONE },
    Case { name: "own", project: NODE_22, answer: Release("22.23.3"), ..NONE },
    Case { name: "nested", above: NODE_22, project: NODE_20, answer: Release("20.1.0"), ..NONE },
    Case { name: "inherited", above: NODE_22, project: UV, answer: Release("22.23.3"), ..NONE },
    Case { name: "the user's own file", own: NODE_22, answer: Release("22.23.3"), ..NONE },
    Case { name: "inherited before the user's own", above: NODE_22, own: NODE_20, answer: Release("22.23.3"), ..NONE },
    Case { name: "system", project: NODE_OF_SYSTEM, ..NONE },
    Case { name: "system before a release further up", above: NODE_22, project: NODE_OF_SYSTEM, ..NONE },
    Case { name: "system, inherited", above: NODE_OF_SYSTEM, project: UV, ..NONE },
    Case { name: "system, of another version", project: NODE_OF_SYSTEM_99, synced: false, answer: Said, ..NONE },
    Case { name: "missing", project: NEVER_INSTALLED, synced: false, answer: Said, ..NONE },
    Case { name: "missing, inherited", above: NEVER_INSTALLED, project: UV, synced: false, answer: Said, ..NONE },
    Case { name: "optional, and cannot be had", project: OPTIONAL, answer: Said, ..NONE },
];

/// The place of a case: its sandbox, and the directory in which vx is asked.
struct Place {
    sandbox: Sandbox,
    directory: PathBuf,
}

impl Place {
    fn of(case: &Case) -> Self {
        let sandbox = Sandbox::new().offers("uv", "0.9.1");
        let sandbox =
            ["20.1.0", "22.23.3", "26.1.0"].iter().fold(sandbox, |sandbox, version| sandbox.offers("node", version));
        let (other, folder) = (sandbox.root().join("other"), sandbox.root().join("system"));
        let directory = sandbox.project().join("a/b");
        [&other, &folder, &directory].into_iter().for_each(|path| fs::create_dir_all(path).expect("a directory"));
        let sandbox = sandbox.variable("PATH", &folder.display().to_string());
        let place = Self { sandbox, directory };
        // Another project's release, installed last, is never the answer.
        fs::write(other.join("vx.toml"), "[tools]\nnode = \"26\"\n").expect("a file");
        if case.system {
            let file = folder.join("node");
            fs::write(&file, "#!/bin/sh\necho 18.0.0\n").expect("a file");
            fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
        }
        let scripts = |text: &str| format!("{text}{SCRIPTS}");
        for (path, text) in [
            (place.sandbox.project(), case.above.to_owned()),
            (place.directory.clone(), if case.project.is_empty() { String::new() } else { scripts(case.project) }),
            (place.sandbox.home(), case.own.to_owned()),
        ] {
            if !text.is_empty() {
                fs::write(path.join("vx.toml"), text).expect("a file");
            }
        }
        if case.synced && !(case.above.is_empty() && case.project.is_empty()) {
            place.vx("sync").succeeds();
        }
        if !case.own.is_empty() {
            place.vx(&format!("sync --project {}", place.sandbox.home().display())).succeeds();
        }
        place.vx(&format!("sync --project {}", other.display())).succeeds();
        place.vx("shims").succeeds();
        place
    }

    fn vx(&self, words: &str) -> Finished {
        let mut command = self.sandbox.command(words);
        command.current_dir(&self.directory);
        self.sandbox.run(&format!("vx {words}"), command).finish()
    }

    /// Run a program in the directory; for bash, `$VX` is `vx`.
    fn program(&self, program: &Path, arguments: &[&str]) -> Finished {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.directory).env_clear().envs(self.sandbox.environment());
        command.env("VX", env!("CARGO_BIN_EXE_vx"));
        self.sandbox.run(&program.display().to_string(), command).finish()
    }

    fn bash(&self, script: &str) -> Answer {
        let finished = self.program(Path::new("/bin/bash"), &["--norc", "-c", &format!("{script}; node --version")]);
        ran(&finished)
    }

    /// The answer of `vx run`.
    fn run(&self) -> Answer {
        self.with_file(|| ran(&self.vx("run show")))
    }

    /// The answer of `vx --project` in the directory of the other project.
    fn named(&self, words: &str) -> Answer {
        let (directory, other) = (self.directory.join("../b"), self.sandbox.root().join("other"));
        let mut command = self.sandbox.command(&format!("--project {} {words}", directory.display()));
        command.current_dir(other);
        self.with_file(|| ran(&self.sandbox.run(&format!("vx --project {words}"), command).finish()))
    }

    /// The answer for the case's own project; a case without one gets a project with nothing but scripts.
    fn with_file(&self, ask: impl FnOnce() -> Answer) -> Answer {
        let file = self.directory.join("vx.toml");
        if file.exists() {
            return ask();
        }
        fs::write(&file, SCRIPTS).expect("a file");
        let answer = ask();
        fs::remove_file(&file).expect("it goes");
        answer
    }

    /// The answer of an environment in this form: the folder of a release comes before the rest of the search path.
    fn environment(&self, form: &str) -> Answer {
        let files = ["path", "env"].map(|name| self.sandbox.root().join(name));
        files.iter().for_each(|file| fs::write(file, "").expect("a file"));
        let mut command = self.sandbox.command(&format!("env --shell {form}"));
        command.current_dir(&self.directory).env("GITHUB_PATH", &files[0]).env("GITHUB_ENV", &files[1]);
        let finished = self.sandbox.run("vx env", command).finish().succeeds();
        let printed = match form {
            "json" => text(&serde_json::from_str::<Value>(&finished.stdout()).expect("JSON")["PATH"]).to_owned(),
            "github" => fs::read_to_string(&files[0]).expect("a file"),
            _ => finished.stdout(),
        };
        let release = printed.split("store/node/").nth(1).and_then(|rest| rest.split('/').next());
        let system = self.sandbox.root().join("system/node").exists();
        answer(release.map_or(if system { "18.0.0" } else { "" }, |version| version), &finished.stderr())
    }

    fn which(&self) -> Answer {
        let finished = self.vx("which node");
        match finished.stdout().trim() {
            "" => answer("", &finished.stderr()),
            path => ran(&self.program(Path::new(path), &["--version"])),
        }
    }
}

/// The answer of a program that prints its version.
fn ran(finished: &Finished) -> Answer {
    answer(finished.stdout().trim(), &finished.stderr())
}

fn answer(version: &str, stderr: &str) -> Answer {
    let words = ["not installed", "is installed, but vx.lock does not say", "on PATH is"];
    let said = stderr.lines().any(|line| line.contains("node") && words.iter().any(|words| line.contains(words)));
    match version {
        "" | "18.0.0" if said => Said,
        "" => Nothing,
        "18.0.0" => System,
        version => ["20.1.0", "22.23.3", "26.1.0"].into_iter().find(|known| *known == version).map_or(Nothing, Release),
    }
}

/// A way to ask vx: its name, and the call.
type Door = (&'static str, fn(&Place) -> Answer);

const DOORS: [Door; 14] = [
    ("vx TOOL", |place| ran(&place.vx("node --version"))),
    ("shim", |place| ran(&place.program(&place.sandbox.home().join("shims/node"), &["--version"]))),
    ("vx x", |place| ran(&place.vx("x node -- --version"))),
    ("which", Place::which),
    ("env bash", |place| place.environment("bash")),
    ("env zsh", |place| place.environment("zsh")),
    ("env fish", |place| place.environment("fish")),
    ("env powershell", |place| place.environment("powershell")),
    ("env json", |place| place.environment("json")),
    ("env github", |place| place.environment("github")),
    ("activate", |place| place.bash("eval \"$($VX activate bash)\"; eval \"$PROMPT_COMMAND\"")),
    ("run", Place::run),
    ("vx --project", |place| place.named("node --version")),
    ("vx x --project", |place| place.named("x node -- --version")),
];

#[test]
fn every_door_means_the_same_release() {
    let mut wrong = Vec::new();
    for case in &CASES {
        let place = Place::of(case);
        for round in ["first", "again"] {
            for (door, ask) in DOORS {
                let found = ask(&place);
                if found != case.answer {
                    wrong.push(format!("{} by {door}, {round}: {found:?}, not {:?}", case.name, case.answer));
                }
            }
            super::let_it_settle();
        }
    }
    println!("{} projects by {} doors, twice: {} answers", CASES.len(), DOORS.len(), 2 * CASES.len() * DOORS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
