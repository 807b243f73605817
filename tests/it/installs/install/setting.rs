//! A home, a server, and a configuration to change; and the reports of an install of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use vx_base::board_slot::BoardSlot;
use vx_base::digest::{Algorithm, Digest};
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::{Part, Program};
use vx_base::paths::Home;
use vx_http::TlsTrust;
use vx_store::config::InstallConfig;
use vx_store::report::{InstallStep, Reporter};
use vx_store::{CancelToken, Hooks, InstallError, InstallOutcome, Patience, install};

use crate::support::server::{Reply, Server};

/// A home and a server for one test, both gone at its end.
pub(super) struct Setting {
    top: tempfile::TempDir,
    pub(super) server: Server,
    pub(super) patience: Patience,
}

impl Setting {
    pub(super) fn new() -> Self {
        let patience = Patience {
            stall: Duration::from_millis(400),
            answer: Duration::from_millis(400),
            first_delay: Duration::from_millis(10),
            attempts: 3,
            ..Patience::default()
        };
        Self { top: tempfile::tempdir().expect("a temporary directory"), server: Server::start(), patience }
    }

    pub(super) fn home(&self) -> Home {
        Home::from_root(self.top.path().join("home"))
    }

    /// Serve an archive, and plan to install it as `tool 1.0.0` with one program `bin/tool`.
    pub(super) fn serves(&self, file_name: &str, archive: &[u8]) -> InstallConfig {
        self.serves_as(file_name, archive, Reply::ok(archive))
    }

    /// Plan the same install, with another reply than the archive.
    pub(super) fn serves_as(&self, file_name: &str, archive: &[u8], reply: Reply) -> InstallConfig {
        self.server.serve(&format!("/{file_name}"), reply);
        InstallConfig {
            tool_name: "tool".into(),
            version: "1.0.0".into(),
            options: BTreeMap::new(),
            download_url: None,
            source: "npm".into(),
            package: "@scope/tool".into(),
            parts: vec![self.part(file_name, archive)],
            programs: vec![Program { name: "tool".into(), path: "bin/tool".into(), runner: None }],
            ships_programs: false,
            needs: None,
            home: self.home().root().to_owned(),
            attempt: 1,
            deadline_ms: None,
            stall_ms: None,
            lowest_rate: None,
            log_file: None,
            board: None,
            postinstall: None,
            agreed: Vec::new(),
            trial: None,
            force: false,
            offline: false,
            trust: TlsTrust::default(),
        }
    }

    pub(super) fn part(&self, file_name: &str, archive: &[u8]) -> Part {
        let digest = Some(digest_of(archive));
        let archive = Archive { file: file_name.into(), digest, strip: 1, ..Archive::default() };
        Part { archive, origin: Some(Origin { url: self.server.url(&format!("/{file_name}")), authorization: None }) }
    }

    pub(super) fn install(&self, config: &InstallConfig) -> Result<InstallOutcome, InstallError> {
        self.install_with(config, &Record::default(), &CancelToken::new())
    }

    pub(super) fn install_with(
        &self,
        config: &InstallConfig,
        reporter: &dyn Reporter,
        cancel: &CancelToken,
    ) -> Result<InstallOutcome, InstallError> {
        let postinstall = |_: &vx_store::PostInstall<'_>| panic!("no post-install command was planned");
        install(
            config,
            reporter,
            cancel,
            &Hooks {
                progress_of: &|_| None,
                state_of: &|_| None,
                postinstall: &postinstall,
                trial: &|_| panic!("no trial was planned"),
                patience: self.patience.clone(),
            },
        )
    }

    /// Install, expecting an error with each of these texts that leaves nothing in store and staging.
    pub(super) fn fails_saying(&self, config: &InstallConfig, texts: &[&str]) -> InstallError {
        let error = self.install(config).expect_err("the install fails");
        for text in texts {
            assert!(error.to_string().contains(text), "`{error}` does not say `{text}`");
        }
        assert!(files_below(&self.home().store()).is_empty(), "something is left in the store");
        self.assert_no_staging();
        error
    }

    /// Change the installed release, so that a forced install has to make it again.
    pub(super) fn spoil(&self) {
        for tool in std::fs::read_dir(self.home().store()).into_iter().flatten().flatten() {
            for release in std::fs::read_dir(tool.path()).expect("a tool's releases").flatten() {
                std::fs::write(release.path().join("spoiled"), "").expect("a file");
            }
        }
    }

    pub(super) fn assert_no_staging(&self) {
        assert_eq!(names_in(&self.home().tmp()), Vec::<String>::new(), "something is left in tmp/");
        assert_eq!(names_in(&self.home().locks()), Vec::<String>::new(), "something is left in locks/");
    }

    /// The files in the download cache.
    pub(super) fn cached(&self) -> Vec<String> {
        names_in(&self.home().downloads())
    }
}

pub(super) fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

pub(super) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    let mut hasher = Algorithm::Sha512.hasher();
    hasher.update(bytes);
    hasher.finish()
}

/// Bytes that do not compress, the same for the same seed.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(step).collect()
}

/// Everything an install reported.
#[derive(Default)]
pub(super) struct Record {
    events: Mutex<Vec<Event>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Started(InstallStep, Option<u64>),
    Advanced(u64),
    Total(Option<u64>),
    Message(String),
    Attempt(u8),
}

impl Record {
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().expect("a record").clone()
    }

    pub(super) fn steps(&self) -> Vec<InstallStep> {
        let step = |event| match event {
            Event::Started(step, _) => Some(step),
            _ => None,
        };
        self.events().into_iter().filter_map(step).collect()
    }

    pub(super) fn attempts(&self) -> Vec<u8> {
        let attempt = |event| match event {
            Event::Attempt(number) => Some(number),
            _ => None,
        };
        self.events().into_iter().filter_map(attempt).collect()
    }

    fn add(&self, event: Event) {
        self.events.lock().expect("a record").push(event);
    }
}

impl Reporter for Record {
    fn started(&self, step: InstallStep, total: Option<u64>) {
        self.add(Event::Started(step, total));
    }

    fn advanced(&self, done: u64) {
        self.add(Event::Advanced(done));
    }

    fn total(&self, total: Option<u64>) {
        self.add(Event::Total(total));
    }

    fn message(&self, text: &str) {
        self.add(Event::Message(text.to_owned()));
    }

    fn waits_for(&self, _: Option<&BoardSlot>) {}

    fn attempt(&self, number: u8) {
        self.add(Event::Attempt(number));
    }
}

/// One entry of an archive to be made.
pub(super) enum Entry<'a> {
    File(&'a str, &'a [u8]),
    Program(&'a str, &'a [u8]),
    Link(&'a str, &'a str),
}

/// A gzip tar of these entries.
pub(super) fn tar_gz(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        let (path, content, mode) = match entry {
            Entry::File(path, content) => (path, *content, 0o644),
            Entry::Program(path, content) => (path, *content, 0o755),
            Entry::Link(path, target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                header.set_mode(0o777);
                tar.append_link(&mut header, path, target).expect("a link");
                continue;
            }
        };
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        tar.append_data(&mut header, path, content).expect("an entry");
    }
    tar.into_inner().expect("a tar").finish().expect("a gzip")
}

/// A release of about this size that does not compress: one program, one large file, one link.
pub(super) fn release_of(size: usize) -> Vec<u8> {
    let content = noise(size as u64, size);
    tar_gz(&[
        Entry::Program("package/bin/tool", b"#!/bin/sh\necho tool\n"),
        Entry::File("package/lib/data", &content),
        Entry::Link("package/lib/same", "data"),
    ])
}

/// The origin of a configuration's first part.
pub(super) fn origin(config: &mut InstallConfig) -> &mut Origin {
    config.parts[0].origin.as_mut().expect("an origin")
}
