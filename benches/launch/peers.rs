//! Other tools for the same purpose, mise and uv, set up for the same program; and the real node, run through each.
//!
//! They are fetched once, from the package registries that this user has configured, into a directory below `target`. A
//! tool that cannot be fetched is left out, and named in the output. npm has neither volta nor proto.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::Fixture;
use crate::runners::Runner;

/// The fetched tools, which stay from one run to the next.
pub(crate) struct Peers {
    cache: PathBuf,
}

impl Peers {
    /// Fetch the missing tools.
    pub(crate) fn fetch(cache: &Path) -> Self {
        fs::create_dir_all(cache.join("project")).expect("a directory");
        fs::write(cache.join("project/vx.toml"), "[tools]\nnode = \"22\"\nuv = \"0.9\"\n").expect("vx.toml");
        let peers = Self { cache: cache.to_owned() };
        let mut sync = Command::new(env!("CARGO_BIN_EXE_vx"));
        sync.arg("sync").current_dir(cache.join("project")).env("VX_HOME", cache.join("home"));
        if succeeds("node and uv", &mut sync) {
            let mut shims = Command::new(env!("CARGO_BIN_EXE_vx"));
            shims.arg("shims").current_dir(cache.join("project")).env("VX_HOME", cache.join("home"));
            succeeds("shims", &mut shims);
        }
        if peers.mise().is_none() {
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(cache).arg("@jdxcode/mise");
            succeeds("mise", &mut npm);
        }
        peers
    }

    /// The real node, installed by vx.
    pub(crate) fn node(&self) -> Option<PathBuf> {
        self.program("node")
    }

    /// The runners of the fixture's tiny program, each with its name.
    pub(crate) fn of_tiny(&self, fixture: &Fixture) -> Vec<Runner> {
        // mise is given the tiny program as a release of node, because it finds node's programs without a request to a
        // registry.
        let release = fixture.root.join("as-node");
        fs::create_dir_all(release.join("bin")).expect("a directory");
        fs::hard_link(&fixture.tiny, release.join("bin/node")).expect("a link");
        let mut runners = self.mise_for(fixture, &fixture.project(), "1.0.0", &release, &[]);
        if let Some(uv) = self.program("uv") {
            let tiny = fixture.tiny.to_string_lossy();
            let offline = |command: &mut Command| _ = command.env("UV_CACHE_DIR", self.cache.join("uv"));
            let mut run = fixture.command(&uv, &["run", "--offline", "--no-project", "--", &tiny]);
            offline(&mut run);
            runners.push(Runner { name: "uv run", command: run });
            let wheel = wheel(&fixture.root, &fixture.tiny).display().to_string();
            let mut tool = fixture.command(&uv, &["tool", "run", "--offline", "--from", &wheel, "tiny"]);
            offline(&mut tool);
            runners.push(Runner { name: "uvx", command: tool });
        }
        runners
    }

    /// The runners of the real node in the fixture's directory.
    pub(crate) fn of_node(&self, fixture: &Fixture, node: &Path, words: &[&str]) -> Vec<Runner> {
        let release = node.parent().and_then(Path::parent).unwrap_or(node);
        let version = release.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.mise_for(fixture, &self.node_project().0, &version, release, words)
    }

    /// The project that the real node is declared in, and its home.
    pub(crate) fn node_project(&self) -> (PathBuf, PathBuf) {
        (self.cache.join("project"), self.cache.join("home"))
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        let mut which = Command::new(env!("CARGO_BIN_EXE_vx"));
        which.args(["which", name]).current_dir(self.cache.join("project")).env("VX_HOME", self.cache.join("home"));
        let output = which.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
        Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    }

    /// npm has a separate package with the program for this machine.
    fn mise(&self) -> Option<PathBuf> {
        let packages = self.cache.join("node_modules/@jdxcode");
        let nested = packages.join("mise/node_modules/@jdxcode");
        let beside =
            [nested, packages].into_iter().flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten());
        beside
            .map(|package| package.path().join("bin/mise"))
            .find(|path| path.metadata().is_ok_and(|data| data.len() > 1 << 20))
    }

    /// Runners by mise: the release is linked into mise as this version of node, which a project then pins.
    fn mise_for(
        &self,
        fixture: &Fixture,
        project: &Path,
        version: &str,
        release: &Path,
        words: &[&str],
    ) -> Vec<Runner> {
        let Some(mise) = self.mise() else { return Vec::new() };
        let (data, bin) = (fixture.root.join("mise"), fixture.root.join("mise/shims/node"));
        let command = |program: &Path, words: &[&str]| {
            let mut command = fixture.command(program, words);
            for (name, place) in [("DATA", "data"), ("CONFIG", "config"), ("CACHE", "cache"), ("STATE", "state")] {
                command.env(format!("MISE_{name}_DIR"), if place == "data" { data.clone() } else { data.join(place) });
            }
            command.env("MISE_OFFLINE", "1").env("MISE_TRUSTED_CONFIG_PATHS", "/");
            command
        };
        let setup = |words: &[&str]| succeeds("mise", command(&mise, words).current_dir(project));
        let link = data.join("installs/node").join(version);
        fs::create_dir_all(link.parent().unwrap_or(&data)).expect("a directory");
        let _ = std::os::unix::fs::symlink(release, &link);
        fs::write(project.join("mise.toml"), format!("[tools]\nnode = \"{version}\"\n")).expect("mise.toml");
        if !setup(&["reshim"]) {
            return Vec::new();
        }
        let exec: Vec<&str> = [&["exec", "--", "node"], words].concat();
        vec![
            Runner { name: "mise shim", command: command(&bin, words) },
            Runner { name: "mise exec", command: command(&mise, &exec) },
        ]
    }
}

/// Run a step that may fail; if it does, the runners that need it are left out.
fn succeeds(what: &str, command: &mut Command) -> bool {
    let output = command.stdin(Stdio::null()).output();
    let failed = match &output {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join(" · "),
        Err(error) => error.to_string(),
    };
    println!("left out: {what}: {failed}");
    false
}

/// A wheel whose only script is this program.
fn wheel(directory: &Path, program: &Path) -> PathBuf {
    let path = directory.join("tiny-1.0.0-py3-none-any.whl");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
    let metadata = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0.0\n";
    let tag = "Wheel-Version: 1.0\nGenerator: vx\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let names = ["tiny-1.0.0.data/scripts/tiny", "tiny-1.0.0.dist-info/METADATA", "tiny-1.0.0.dist-info/WHEEL"];
    let record = names.map(|name| format!("{name},,\n")).concat() + "tiny-1.0.0.dist-info/RECORD,,\n";
    let program = fs::read(program).expect("a program");
    let contents = [&program[..], metadata.as_bytes(), tag.as_bytes(), record.as_bytes()];
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    for (name, content) in names.into_iter().chain(["tiny-1.0.0.dist-info/RECORD"]).zip(contents) {
        zip.start_file(name, options).and_then(|()| Ok(zip.write_all(content)?)).expect("an entry");
    }
    zip.finish().expect("a wheel");
    path
}
