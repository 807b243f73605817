//! The installer alone, as built without features: plain lines, no dashboard, no sockets. Enabled features make no
//! difference to these tests, except where the tests say so.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

/// A tarball of a tool whose program prints a word.
fn archive() -> Vec<u8> {
    let script = b"#!/bin/sh\necho said\n";
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(script.len() as u64);
    let mut tarball = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    tarball.append_data(&mut header, "package/bin/say", script.as_slice()).expect("an entry");
    tarball.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive")
}

/// Answer every request with these bytes.
fn serve(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let (mut request, mut piece) = (Vec::new(), [0; 1024]);
            while !request.ends_with(b"\r\n\r\n") {
                match client.read(&mut piece) {
                    Ok(read @ 1..) => request.extend(&piece[..read]),
                    _ => break,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
            let _ = client.write_all(head.as_bytes()).and_then(|()| client.write_all(&bytes));
        }
    });
    address
}

/// Run `vx` with these words in the project below this directory, without any of the machine's settings.
fn vx(root: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
    command.args(words.split_whitespace()).current_dir(root.join("project")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", root).env("NO_COLOR", "1");
    command.env("VX_HOME", root.join("home")).env("VX_RUNTIME_DIR", root.join("run")).env("VX_TRUST", "all");
    command.output().expect("vx starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn it_installs_in_plain_lines_and_runs_what_it_installed() {
    let root = tempfile::tempdir().expect("a directory");
    let root = root.path();
    let archive = archive();
    let digest = ring::digest::digest(&ring::digest::SHA256, &archive);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let address = serve(archive);
    fs::create_dir(root.join("project")).expect("a directory");
    let tool = format!(
        "[tools]\nsay = {{ version = \"1.0.0\", url = \"http://{address}/say.tgz\", sha256 = \"{digest}\", strip = 1, \
         bin = [\"bin/say\"] }}\n[scripts]\nspeak = \"say\"\n"
    );
    fs::write(root.join("project/vx.toml"), tool).expect("a file");

    let synced = vx(root, "sync --plain");
    assert!(synced.status.success() && text(&synced.stderr).contains("say"), "{synced:?}");
    let again = vx(root, "sync --offline");
    assert!(again.status.success(), "{again:?}");
    for words in ["say", "run speak", "run --record r.vxr speak"] {
        assert_eq!(text(&vx(root, words).stdout), "said\n", "{words}");
    }
    let board = vx(root, "board dump --json r.vxr");
    assert!(text(&board.stdout).contains("\"speak\""), "{board:?}");
    let refused = vx(root, "sync --force --tui");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    if cfg!(not(feature = "tui")) {
        assert!(text(&refused.stderr).contains("this vx was built without it"), "{refused:?}");
        assert!(!text(&vx(root, "--help").stdout).contains("\n  top "));
        let absent = vx(root, "daemon status");
        assert_eq!(absent.status.code(), Some(2), "{absent:?}");
        assert!(text(&absent.stderr).contains("built without the command `daemon`"), "{absent:?}");
    }
}
