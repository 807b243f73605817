//! Files that commands name. Each form asks again once its file has changed, or says beforehand that it will not. The
//! content that was agreed to is what runs, however often the file changes in the meantime.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{acted, cautious, evil, traces};
use crate::support::sandbox::{Sandbox, eventually};

/// The forms in which a service can name a file: the name of the form, the keys of the table, and the file that
/// changes.
const FORMS: [(&str, &str, &str); 15] = [
    ("command = \"./run.sh\"", "", "run.sh"),
    ("command = [\"sh\", \"run.sh\"]", "directory = \"api\"", "api/run.sh"),
    ("command = \"./run.sh\"", "directory = \"api\"", "api/run.sh"),
    ("command = \"cd tools && ./run.sh\"", "shell = true", "tools/run.sh"),
    ("command = \"$PWD/run.sh\"", "directory = \"api\"\nshell = true", "api/run.sh"),
    ("command = \"./run*.sh\"", "directory = \"api\"\nshell = true", "api/run.sh"),
    ("command = './r\"un\".sh'", "directory = \"api\"", "api/run.sh"),
    ("command = './ru\\n.sh'", "directory = \"api\"", "api/run.sh"),
    ("command = \"sh -c 'cd api; . ./run.sh'\"", "", "api/run.sh"),
    ("command = \"program api\"", "", "api/run.sh"),
    ("command = \"make\"", "directory = \"api\"", "api/Makefile"),
    ("command = \"python3 -m api\"", "", "api/run.sh"),
    ("command = \"npm run dev\"", "directory = \"api\"", "api/package.json"),
    ("command = \"true\"\nbuild = \"./run.sh\"", "directory = \"api\"", "api/run.sh"),
    ("command = \"true\"\nready = { command = \"./run.sh\" }", "directory = \"api\"", "api/run.sh"),
];

/// Write an executable file of the project.
fn write(sandbox: &Sandbox, file: &str, text: &str) {
    let path = sandbox.project().join(file);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn a_changed_file_asks_again_in_every_form_that_names_it() {
    for (command, more, changed) in FORMS {
        let sandbox = cautious().config(&format!("[services.web]\n{command}\n{more}\n"));
        for file in ["run.sh", "api/run.sh", "tools/run.sh", "api/Makefile", "api/package.json"] {
            write(&sandbox, file, "true\n");
        }
        sandbox.vx("trust --yes").succeeds().says(changed.rsplit_once('/').map_or("run.sh", |(folder, _)| folder));
        sandbox.vx("trust --yes").succeeds().says("you have agreed");
        write(&sandbox, changed, &evil(&sandbox));
        let refused = sandbox.vx("up web --detach").says("the services of");
        assert!(refused.code() != Some(0), "{command}");
        assert!(!acted(&sandbox), "{command}");
    }
}

#[test]
fn the_question_says_which_files_are_not_compared() {
    let sandbox = cautious();
    write(&sandbox, "api/run.sh", ". ./more.sh\n");
    write(&sandbox, "api/more.sh", "true\n");
    let text =
        "[services.web]\ncommand = \"./run.sh\"\ndirectory = \"api\"\n[services.db]\ncommand = \"server $WHERE\"\n";
    sandbox.write("vx.toml", text);
    let shown = sandbox.vx("trust --show").succeeds();
    let shown = shown
        .prints("services.web.command = ./run.sh  (with the present content of api/run.sh [")
        .prints("services.db.command = server $WHERE  (the files that it uses are not compared)");
    assert!(!shown.stdout().contains("more.sh"));
}

#[test]
fn a_folder_of_a_repository_is_compared_by_its_tracked_files() {
    let sandbox = cautious().config("[services.web]\ncommand = \"python3 -m http.server -d site\"\n");
    write(&sandbox, "site/index.html", "good");
    if !git(&sandbox, "init -q") {
        crate::support::skipped::skipped("there is no git on this machine");
        return;
    }
    assert!(git(&sandbox, "add site"));
    sandbox
        .vx("trust --yes")
        .succeeds()
        .says("the one tracked file in site/ [")
        .says("]; other files are not compared");
    write(&sandbox, "site/draft.html", "mine");
    sandbox.vx("trust --yes").succeeds().says("you have agreed");
    write(&sandbox, "site/index.html", "evil");
    let shown = sandbox.vx("trust --show").succeeds();
    shown.prints("- services.web.command").prints("+ services.web.command");
}

#[test]
fn a_service_is_not_started_again_by_a_file_that_changed_since_it_was_agreed_to() {
    let sandbox =
        cautious().config("[services.web]\ncommand = \"./run.sh\"\ndirectory = \"api\"\nrestart = \"always\"\n");
    write(&sandbox, "api/run.sh", "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\nexit 3\n");
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("up web --detach").succeeds();
    write(&sandbox, "api/run.sh", &format!("#!/bin/sh\n{}\n", evil(&sandbox)));
    write(&sandbox, "api/go", "");
    let slot = sandbox.await_slot("web", "has failed", |slot| slot["state"] == "failed");
    sandbox.vx("down").succeeds();
    assert!(slot.to_string().contains("has changed since you agreed to it"), "{slot}");
    assert!(!acted(&sandbox));
}

#[test]
fn a_service_is_not_started_again_by_a_folder_that_changed_since_it_was_agreed_to() {
    let sandbox = cautious();
    write(&sandbox, "run.sh", "#!/bin/sh\nsh tools/go.sh\n");
    write(&sandbox, "tools/go.sh", "while [ ! -e go ]; do sleep 0.05; done\nexit 3\n");
    sandbox.write("vx.toml", "[services.web]\ncommand = \"./run.sh tools\"\nrestart = \"always\"\n");
    sandbox.vx("trust --yes").succeeds().says("the one file in tools/ [");
    sandbox.vx("up web --detach").succeeds();
    write(&sandbox, "tools/go.sh", &evil(&sandbox));
    write(&sandbox, "go", "");
    let slot = sandbox.await_slot("web", "has failed", |slot| slot["state"] == "failed");
    sandbox.vx("down").succeeds();
    assert!(slot.to_string().contains("tools` has changed since you agreed to it"), "{slot}");
    assert!(!acted(&sandbox));
}

#[test]
fn a_service_starts_again_after_it_wrote_to_a_file_of_its_own() {
    let sandbox = cautious();
    let script = "#!/bin/sh\necho more >> $1\n[ -e failed ] || { echo > failed; exit 1; }\nexec sleep 600\n";
    write(&sandbox, "run.sh", script);
    sandbox.write("vx.toml", "[services.web]\ncommand = \"./run.sh db.json\"\nrestart = \"on-failure\"\n");
    if !git(&sandbox, "init -q") {
        crate::support::skipped::skipped("there is no git on this machine");
        return;
    }
    assert!(git(&sandbox, "add vx.toml run.sh"));
    write(&sandbox, "db.json", "mine\n");
    sandbox.vx("trust --yes").succeeds().says("not compared, such as db.json, which git does not track)");
    sandbox.vx("up web --detach");
    eventually("it runs again", || (sandbox.read("db.json") == "mine\nmore\nmore\n").then_some(()));
    sandbox.vx("down").succeeds();
    sandbox.vx("trust --yes").succeeds().says("you have agreed");
    assert!(git(&sandbox, "add db.json"));
    let shown = sandbox.vx("trust --show").succeeds();
    shown.prints("+ services.web.command").prints("db.json [");
}

/// Run git in the project; false if it fails, or is not there.
fn git(sandbox: &Sandbox, words: &str) -> bool {
    let mut command = std::process::Command::new("git");
    command.args(words.split(' ')).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.output().is_ok_and(|output| output.status.success())
}

/// A file that another program changes back and forth by renames, until this is dropped.
struct Flipped {
    ends: &'static AtomicBool,
    flips: &'static AtomicUsize,
    thread: Option<thread::JoinHandle<()>>,
}

impl Flipped {
    fn begin(path: PathBuf, texts: [String; 2]) -> Self {
        let (ends, flips) = (&*Box::leak(Box::default()), &*Box::leak(Box::default()));
        let thread = thread::spawn(move || {
            for text in texts.iter().cycle() {
                if AtomicBool::load(ends, Ordering::Relaxed) {
                    return;
                }
                replace(&path, text);
                AtomicUsize::fetch_add(flips, 1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { ends, flips, thread: Some(thread) }
    }
}

impl Drop for Flipped {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// Replace a file by one with this text, in one step.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::rename(&new, path).expect("it is replaced");
}

fn rounds(usual: usize) -> usize {
    let times: usize = std::env::var("VX_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    usual * times
}

/// `VX_TORTURE=20 cargo test --test it trust::named -- --nocapture` installs 200 times for each way to call the script.
#[test]
fn a_script_after_an_install_runs_as_it_was_agreed_to_however_often_it_changes_meanwhile() {
    for call in ["sh SCRIPT", "SCRIPT"] {
        let sandbox = cautious();
        let script = sandbox.root().join("project/set up.sh");
        let good = format!("#!/bin/sh\necho GOOD >> {}\n", traces(&sandbox).display());
        replace(&script, &good);
        let command = call.replace("SCRIPT", &format!("'{}'", script.display()));
        sandbox.write("vx.toml", &format!("[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}\n"));
        sandbox.vx("sync --trust").succeeds();
        let flipped = Flipped::begin(script.clone(), [format!("#!/bin/sh\n{}\n", evil(&sandbox)), good.clone()]);
        let (mut done, rounds) = (0, rounds(10));
        for _ in 0..rounds {
            let ended = sandbox.vx("sync --force");
            done += usize::from(ended.code() == Some(0));
            assert!(matches!(ended.code(), Some(0..=2)), "{}", ended.stderr());
        }
        let flips = flipped.flips.load(Ordering::Relaxed);
        drop(flipped);
        let text = fs::read_to_string(traces(&sandbox)).expect("the good one ran");
        println!(
            "{call}: {rounds} installs beside {flips} changes, {done} of them done, {}",
            text.matches("EVIL").count()
        );
        assert!(!text.contains("EVIL"), "{call}: {text}");
        assert_eq!(text.matches("GOOD").count(), 1 + done, "{call}");
        // If the consent doesn't depend on the content, the present script runs.
        replace(&script, &format!("#!/bin/sh\n{}\n", evil(&sandbox)));
        let sandbox = sandbox.variable("VX_TRUST", "all");
        sandbox.vx("sync --force").succeeds();
        assert!(fs::read_to_string(traces(&sandbox)).expect("a trace").contains("EVIL"), "{call}");
    }
}
