//! The files that commands name: each form asks again once its file has changed, or has said that it will not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{acted, cautious, evil};
use crate::sandbox::Sandbox;

/// The forms in which a service can name a file, with the keys of its table and the file that changes.
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

/// Write a file of the project that can be executed.
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
        sandbox.vx("trust").succeeds().says(changed.rsplit_once('/').map_or("run.sh", |(folder, _)| folder));
        sandbox.vx("trust").succeeds().says("you have agreed");
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
    let git = |words: &str| {
        let mut command = std::process::Command::new("git");
        command.args(words.split(' ')).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git("init -q") {
        crate::skipped::skipped("there is no git on this machine");
        return;
    }
    assert!(git("add site"));
    sandbox.vx("trust").succeeds().says("the tracked file of site [").says("]; other files are not compared");
    write(&sandbox, "site/draft.html", "mine");
    sandbox.vx("trust").succeeds().says("you have agreed");
    write(&sandbox, "site/index.html", "evil");
    let shown = sandbox.vx("trust --show").succeeds();
    shown.prints("- services.web.command").prints("+ services.web.command");
}
