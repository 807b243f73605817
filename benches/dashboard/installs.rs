//! The same install, in turns: twice without a viewer, and once with three viewers, one of them stopped.
//!
//! All files are in memory, where an emptied file system is as fast as a new one. The install takes more than a second,
//! so that the figures show the cost of being watched, not of starting three programs.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use vx_base::digest::Algorithm;

use super::viewer::Viewer;

const TOOLS: usize = 4;
/// Files of a release, and their size.
const FILES: (usize, usize) = (800, 100_000);

/// The time that the installs took, in milliseconds, turn by turn.
pub(crate) struct Watched {
    alone: Vec<f64>,
    again: Vec<f64>,
    watched: Vec<f64>,
}

impl Watched {
    /// Medians over all turns: the time that the viewers add, and the difference between two installs without a viewer.
    fn differences(&self) -> (f64, f64) {
        let between = |of: &[f64], size: fn(f64) -> f64| {
            median(of.iter().zip(&self.alone).map(|(one, other)| size(one - other)).collect())
        };
        (between(&self.watched, |difference| difference), between(&self.again, f64::abs))
    }

    /// Returns whether three viewers change the time by no more than two installs without a viewer differ, or by less
    /// than 1 %.
    pub(crate) fn indistinguishable(&self) -> bool {
        let (added, noise) = self.differences();
        added <= noise.max(median(self.alone.clone()) / 100.0)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, noise) = self.differences();
        write!(
            f,
            "  an install of {TOOLS} tools, {} turns           {:7.0} ms alone, {:.0} ms watched by three, one of them stopped: \
             {added:+.1} ms; two alone differ by {noise:.1} ms {}",
            self.alone.len(),
            median(self.alone.clone()),
            median(self.watched.clone()),
            if self.indistinguishable() { "" } else { "BROKEN" }
        )
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Install `turns` times each way.
pub(crate) fn measure(turns: usize) -> Watched {
    let place = tempfile::Builder::new().prefix("vx").tempdir_in("/dev/shm").expect("a directory");
    let archives: Vec<Vec<u8>> = (0..TOOLS as u64).map(archive).collect();
    let address = serve(archives.clone());
    let project = place.path().join("project");
    fs::create_dir(&project).expect("a directory");
    let tools = archives.iter().enumerate().map(|(number, archive)| {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(archive);
        let sha256 = hasher.finish().hex();
        format!(
            "tool-{number} = {{ version = \"1.0.0\", url = \"{address}/{number}.tgz\", sha256 = \"{sha256}\", strip = 1, bin = [\"bin/tool\"] }}\n"
        )
    });
    fs::write(project.join("vx.toml"), format!("[tools]\n{}", tools.collect::<String>())).expect("a file");
    let mut times = Watched { alone: Vec::new(), again: Vec::new(), watched: Vec::new() };
    install(place.path(), &project, false); // From here on, all files to read are cached.
    for _ in 0..turns {
        times.alone.push(install(place.path(), &project, false));
        times.watched.push(install(place.path(), &project, true));
        times.again.push(install(place.path(), &project, false));
    }
    times
}

/// One install into a fresh home, in milliseconds.
fn install(place: &Path, project: &Path, watched: bool) -> f64 {
    let (home, runtime) = (place.join("home"), place.join("run"));
    let _ = fs::remove_dir_all(&home);
    let _ = fs::remove_file(project.join("vx.lock"));
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vx"))
        .args(["sync", "--headless"])
        .current_dir(project)
        .env("VX_TRUST", "all")
        .env("VX_HOME", &home)
        .env("VX_RUNTIME_DIR", &runtime)
        .stdin(Stdio::null())
        .spawn()
        .expect("vx starts");
    let viewers: Vec<Viewer> = if watched { three_viewers(&mut child, &runtime) } else { Vec::new() };
    let status = child.wait().expect("it ends");
    let took = began.elapsed().as_secs_f64() * 1000.0;
    assert!(status.success(), "the install failed: {status}");
    drop(viewers);
    took
}

fn three_viewers(child: &mut Child, runtime: &Path) -> Vec<Viewer> {
    let board: PathBuf = runtime.join(format!("vx-{}.board", child.id()));
    while !board.exists() {
        assert!(child.try_wait().expect("our child").is_none(), "it ended without a board");
        std::thread::sleep(Duration::from_millis(1));
    }
    let viewers: Vec<Viewer> = (0..3).map(|_| Viewer::start(&board, (120, 40))).collect();
    viewers[2].first_frame();
    viewers[2].freeze();
    viewers
}

/// A release whose files do not compress to nothing.
fn archive(seed: u64) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut state = seed + 1;
    let mut add = |path: String, content: &[u8], mode| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_cksum();
        tar.append_data(&mut header, path, content).expect("memory takes it");
    };
    add("top/bin/tool".to_owned(), b"#!/bin/sh\necho 1.0.0\n", 0o755);
    for file in 0..FILES.0 {
        let content: Vec<u8> = (0..FILES.1)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % 40) as u8 + b'0'
            })
            .collect();
        add(format!("top/lib/{file:03}.txt"), &content, 0o644);
    }
    tar.into_inner().and_then(GzEncoder::finish).expect("memory takes it")
}

/// Serve the archives on the loopback, each as `NUMBER.tgz`, until this program ends.
fn serve(archives: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let archives: &'static [Vec<u8>] = archives.leak();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, archives));
        }
    });
    address
}

/// Answer the requests of a connection; a client that is gone needs no answer.
fn answer(stream: TcpStream, archives: &[Vec<u8>]) -> Option<()> {
    let mut requests = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut first = String::new();
        requests.read_line(&mut first).ok().filter(|count| *count > 0)?;
        let mut line = String::from("more");
        while !line.trim().is_empty() {
            line.clear();
            requests.read_line(&mut line).ok().filter(|count| *count > 0)?;
        }
        let number: usize = first.split(['/', '.']).nth(1)?.parse().ok()?;
        let archive = archives.get(number)?;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", archive.len()).ok()?;
        if !first.starts_with("HEAD") {
            stream.write_all(archive).ok()?;
        }
    }
}
