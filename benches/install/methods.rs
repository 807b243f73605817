//! The methods of getting the tools onto the disk, each as a command with its settings.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::archives::Archive;
use super::measure::Task;
use super::place::Place;

/// One method.
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) task: Task,
}

/// This build of vx.
pub(crate) fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_vx"))
}

/// A vx project with these archives; `arguments` follow `vx sync`.
pub(crate) fn vx(
    place: &Place,
    project: &str,
    program: &Path,
    archives: &[Archive],
    arguments: &[&str],
) -> io::Result<Task> {
    let directory = place.directory(project)?;
    let mut text = String::new();
    for archive in archives {
        let Archive { tool, version, file, program, digest, .. } = archive;
        let url = place.server.url(file);
        let (hex, strip) = (digest.hex(), archive.strip());
        writeln!(
            text,
            "[tools.{tool}]\nversion = \"{version}\"\nsource = \"url\"\nurl = \"{url}\"\nsha256 = \"{hex}\"\n\
             strip = {strip}\nbin = \"{program}\""
        )
        .expect("text grows");
    }
    fs::write(directory.join("vx.toml"), text)?;
    let mut task = Task::new(&directory, &[&program, &"sync"]);
    task.arguments.extend(arguments.iter().map(Into::into));
    Ok(task
        .with("HOME", place.work.join("home"))
        .with("VX_TRUST", "all")
        .with("VX_HOME", place.mount().join("vx"))
        .with("VX_RUNTIME_DIR", place.work.join("run")))
}

/// A mise project with these archives, by mise's `http:` back end and with its default number of jobs.
pub(crate) fn mise(place: &Place, project: &str, archives: &[Archive]) -> io::Result<Task> {
    let directory = place.directory(project)?;
    let mut text = String::from("[tools]\n");
    for archive in archives {
        let Archive { tool, version, file, program, digest, .. } = archive;
        let (url, strip) = (place.server.url(file), archive.strip());
        let bin = program.rsplit_once('/').map_or(String::new(), |(folder, _)| format!(", bin_path = \"{folder}\""));
        writeln!(
            text,
            "\"http:{tool}\" = {{ version = \"{version}\", url = \"{url}\", checksum = \"{digest}\", \
             strip_components = {strip}{bin} }}"
        )
        .expect("text grows");
    }
    fs::write(directory.join("mise.toml"), text)?;
    let on = |name: &str| place.mount().join("mise").join(name);
    Ok(Task::new(&directory, &[&place.archives.mise, &"install"])
        .with("HOME", place.work.join("home"))
        .with("MISE_DATA_DIR", on("data"))
        .with("MISE_CACHE_DIR", on("cache"))
        .with("MISE_STATE_DIR", on("state"))
        .with("MISE_CONFIG_DIR", on("config"))
        .with("MISE_TRUSTED_CONFIG_PATHS", place.work.as_os_str())
        .with("MISE_YES", "1"))
}

/// A shell's work on each archive: its address is `$u`, its name `$f`, its digest `$h`.
#[derive(Clone, Copy)]
pub(crate) enum Pipe {
    /// Unpacked while received, with tar for npm's archives and bsdtar for zip; no digest is compared.
    Tar,
    /// bsdtar for all, nothing compared.
    BsdTar,
    /// Received into a file, its digest compared, and then unpacked with the same programs.
    Compared,
}

/// curl and an unpacker, two archives at a time, the largest first.
pub(crate) fn curl(place: &Place, project: &str, pipe: Pipe) -> io::Result<Task> {
    let directory = place.directory(project)?;
    let unpack = match pipe {
        Pipe::Tar => {
            "case $f in *.tgz) curl -sf $u | tar -xz --strip-components=1 -C $D/$f;;\n\
             *) curl -sf $u | bsdtar -xf - -C $D/$f;; esac"
        }
        Pipe::BsdTar => {
            "case $f in *.tgz) curl -sf $u | bsdtar -xzf - --strip-components=1 -C $D/$f;;\n\
             *) curl -sf $u | bsdtar -xf - -C $D/$f;; esac"
        }
        Pipe::Compared => {
            "curl -sf -o $D/a-$f $u; echo \"$h  $D/a-$f\" | sha256sum --check --status\n\
             case $f in *.tgz) tar -xzf $D/a-$f --strip-components=1 -C $D/$f;;\n\
             *) bsdtar -xf $D/a-$f -C $D/$f;; esac; rm $D/a-$f"
        }
    };
    let one = directory.join("one.sh");
    fs::write(&one, format!("set -e\nf=$1 u=$2 h=$3\nmkdir -p $D/$f\n{unpack}\n"))?;
    let lines = place
        .archives
        .tools
        .iter()
        .map(|archive| format!("{} {} {}\n", archive.file, place.server.url(&archive.file), archive.digest.hex()));
    fs::write(directory.join("list"), lines.collect::<String>())?;
    let all = "xargs -P 2 -L 1 sh one.sh < list";
    Ok(Task::new(&directory, &[&"sh", &"-c", &all]).with("D", place.mount().join("curl")))
}

/// uv, installing the wheels into a directory.
pub(crate) fn uv(place: &Place, project: &str) -> io::Result<Task> {
    let directory = place.directory(project)?;
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
    let python = String::from_utf8_lossy(&python.stdout).trim().to_owned();
    let target = place.mount().join("uv");
    let mut task = Task::new(
        &directory,
        &[&place.archives.uv, &"pip", &"install", &"--quiet", &"--no-deps", &"--target", &target],
    );
    for archive in &place.archives.tools {
        if let Some(wheel) = &archive.wheel {
            let package = wheel.split('-').next().unwrap_or_default();
            let (url, digest) = (place.server.url(wheel), archive.digest.hex());
            task.arguments.push(format!("{package} @ {url}#sha256={digest}").into());
        }
    }
    Ok(task
        .with("HOME", place.work.join("home"))
        .with("UV_CACHE_DIR", place.mount().join("uv-cache"))
        .with("UV_PYTHON", python)
        .with("UV_NO_CONFIG", "1"))
}
