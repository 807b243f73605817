//! The directories in which programs are started: a project with a tiny tool, and a home with many releases.

#[path = "../../crates/launcher/src/options.rs"]
mod options;
#[path = "served.rs"]
mod served;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use options::{LINK_OPTIONS, OPTIONS};
use served::tiny_tool;

/// Other releases of the tiny tool than the one in the project.
const OTHERS: usize = 199;
/// Directories between the project and the deep one.
const LEVELS: usize = 12;

/// A project with one tool, which only exits.
pub(crate) struct Fixture {
    /// Everything else is below it.
    pub(crate) root: PathBuf,
    /// The tool's own file.
    pub(crate) tiny: PathBuf,
    /// A program that only executes the tool: the least possible work.
    pub(crate) floor: PathBuf,
}

impl Fixture {
    /// Make it anew below this directory.
    pub(crate) fn make(root: &Path) -> Self {
        let _ = fs::remove_dir_all(root);
        let fixture = Self { root: root.to_owned(), tiny: PathBuf::new(), floor: root.join("floor") };
        fs::create_dir_all(fixture.deep()).expect("directories");
        compile(&root.join("tiny"), None);
        let tool = tiny_tool(&fs::read(root.join("tiny")).expect("a program"));
        fs::write(fixture.project().join("vx.toml"), format!("[tools]\n{tool}\n")).expect("vx.toml");
        fixture.run("sync --trust");
        let release = fixture.home().join("store/tiny/1.0.0");
        settle(&release);
        (1..=OTHERS).for_each(|number| copy(&release, &format!("1.0.{number}")));
        fixture.run("shims");
        let tiny = release.join("bin/tiny");
        compile(&fixture.floor, Some(&tiny));
        Self { tiny, ..fixture }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    pub(crate) fn deep(&self) -> PathBuf {
        (1..=LEVELS).fold(self.project(), |path, level| path.join(format!("level{level}")))
    }

    /// A command with an environment of the usual size, without the bench's own variables.
    pub(crate) fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).env_clear();
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.home().join("shims").display()));
        command.env("HOME", &self.root).env("VX_HOME", self.home()).env("VX_RUNTIME_DIR", self.root.join("run"));
        (0..24).for_each(|number| _ = command.env(format!("FILL_{number}"), "what an environment is full of"));
        command
    }

    /// Run vx in the project, which must succeed.
    fn run(&self, words: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        let vx = Path::new(env!("CARGO_BIN_EXE_vx"));
        let output = self.command(vx, &words).current_dir(self.project()).output().expect("vx starts");
        assert!(output.status.success(), "vx {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Make the release look as after a reboot, when its bytes are known to be on the disk.
fn settle(release: &Path) {
    let receipt = release.join(".vx-receipt.toml");
    let text = fs::read_to_string(&receipt).expect("a receipt");
    let lines = text.lines().filter(|line| !line.starts_with("unsynced_boot")).map(|line| format!("{line}\n"));
    fs::write(receipt, lines.collect::<String>()).expect("a receipt");
}

/// A release of another version with the same files, as hard links.
fn copy(release: &Path, version: &str) {
    let other = release.with_file_name(version);
    fs::create_dir_all(other.join("bin")).expect("a directory");
    fs::hard_link(release.join("bin/tiny"), other.join("bin/tiny")).expect("a link");
    let receipt = fs::read_to_string(release.join(".vx-receipt.toml")).expect("a receipt");
    let receipt = receipt.replace("version = \"1.0.0\"", &format!("version = \"{version}\""));
    fs::write(other.join(".vx-receipt.toml"), receipt).expect("a receipt");
}

/// Compile a tiny program with the launcher's library: one that only exits or, with a target, one that executes the
/// target.
fn compile(into: &Path, target: Option<&Path>) {
    let library = into.with_file_name("libvx_launcher.rlib");
    let mut rustc = rustc("rlib", "crates/launcher/src/lib.rs", &library);
    rustc.args(["--crate-name", "vx_launcher", "--cfg", "program"]);
    assert!(rustc.status().expect("the compiler starts").success(), "the launcher's library compiles");

    let mut rustc = self::rustc("bin", "benches/launch/tiny.rs", into);
    rustc.arg("--extern").arg(format!("vx_launcher={}", library.display())).args(["--check-cfg", "cfg(floor)"]);
    if let Some(target) = target {
        rustc.args(["--cfg", "floor"]).env("VX_BENCH_TARGET", target);
    }
    for option in LINK_OPTIONS {
        rustc.args(["-C", option]);
    }
    assert!(rustc.status().expect("the compiler starts").success(), "the tiny program compiles");
}

/// The compiler, with the options that the launcher is built with.
fn rustc(kind: &str, source: &str, into: &Path) -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-type", kind, "-o"]).arg(into);
    for option in OPTIONS {
        rustc.args(["-C", option]);
    }
    rustc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
    rustc
}
