//! From a configuration to a release in the store.
//!
//! Lock, look, stage, then for each archive receive, digest and unpack in one pass, then make the programs usable, run
//! the post-install command, sync where that cannot wait, and rename. Until the rename nothing of it can be seen, and
//! whatever fails before leaves the store as it was.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::config::{InstallConfig, Part};
use crate::digest::Digest;
use crate::paths::Home;
use crate::report::{Phase, Reporter};

use super::cancel::{CancelToken, Watch};
use super::disk::{At, DiskError};
use super::download::{self, Download, DownloadError, DownloadErrorKind, Fetched, Patience, Session};
use super::error::InstallError;
use super::lock::{Holder, HolderProgress, Wait};
use super::need::{Need, await_tool};
use super::programs;
use super::progress::Meter;
use super::receipt::{Facts, Receipt, ReceiptPart, ReceiptProgram};
use super::recipe::{is_made_so, recipe};
use super::staging::{Staging, sweep};
use super::store::{Release, Store};
use super::sync::FileSystem;
use super::unpack::{Archive, Excluded, Limits, Tree, UnpackError, UnpackErrorKind};

/// How often everything may begin again because the bytes that were handed on turned out to be worthless.
const BEGINNINGS: u32 = 4;

/// What an install needs from above.
pub struct Hooks<'a> {
    /// How far the process got that installs the same release, by its board; `None` when that cannot be told.
    pub progress_of: &'a dyn Fn(&Holder) -> Option<HolderProgress>,
    /// How far the install of another tool is in this run; nothing when it is there, or none of this run.
    pub state_of: &'a dyn Fn(&str) -> Option<Need>,
    /// Runs a post-install command; the error is how it ended, with its last lines.
    pub postinstall: &'a dyn Fn(&PostInstall<'_>) -> Result<(), String>,
    /// How long to wait for what does not get on.
    pub patience: Patience,
}

/// A post-install command to run.
#[derive(Clone, Copy, Debug)]
pub struct PostInstall<'a> {
    /// The command, as `vx.toml` has it.
    pub command: &'a str,
    /// The release, not yet in its final place: the directory to run it in.
    pub release: &'a Path,
    /// The folder of its programs, to put first on PATH.
    pub bin: &'a Path,
    /// What is left of the time the install was given.
    pub time_left: Option<Duration>,
}

/// A release that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The release.
    pub release: Release,
    /// Whether it was there already, or another process made it meanwhile: nothing was fetched.
    pub already: bool,
}

/// Install a release, after removing what processes that are no more left in `tmp/`.
pub fn install(
    config: &InstallConfig,
    reporter: &dyn Reporter,
    cancel: &CancelToken,
    hooks: &Hooks<'_>,
) -> Result<Installed, InstallError> {
    let deadline = config.deadline_ms.and_then(|limit| Instant::now().checked_add(Duration::from_millis(limit)));
    let home = Home::at(config.home.clone());
    let unwanted = config.options.get("exclude_patterns").map_or("", String::as_str);
    let archive = || config.parts.first().map(|part| part.file_name.clone()).unwrap_or_default();
    let excluded = Excluded::of(unwanted).map_err(|kind| UnpackError { archive: archive(), kind })?;
    let install = Install {
        config,
        store: Store::new(home.clone()),
        home,
        reporter,
        watch: Watch::new(cancel.clone(), deadline),
        deadline,
        hooks,
        excluded,
    };
    install.run().map_err(|error| error.plain(config.deadline_ms))
}

struct Install<'a> {
    config: &'a InstallConfig,
    home: Home,
    store: Store,
    reporter: &'a dyn Reporter,
    watch: Watch,
    deadline: Option<Instant>,
    hooks: &'a Hooks<'a>,
    /// What of the archives is not wanted.
    excluded: Excluded,
}

/// What came out of the archives.
struct Unpacked {
    tree: Tree,
    parts: Vec<ReceiptPart>,
}

/// Why the archives did not go into the tree.
enum Stumble {
    /// For good.
    Fatal(InstallError),
    /// Worth beginning again, a few times; then it is this.
    Again(InstallError),
    /// This archive has to be unpacked from its whole file, which is in the cache now.
    NeedsFile(Fetched),
}

impl Install<'_> {
    fn run(&self) -> Result<Installed, InstallError> {
        let (tool, version) = (self.config.tool_name.as_str(), self.config.version.as_str());
        let target = self.store.path(tool, version)?;
        let before = self.store.installed(tool, version);
        if let Some(release) = before.clone().filter(|_| !self.config.force) {
            return Ok(Installed { release, already: true });
        }
        let wait = Wait {
            board: self.config.board.as_ref(),
            reporter: self.reporter,
            watch: &self.watch,
            stall: self.hooks.patience.holder_stall,
            progress_of: self.hooks.progress_of,
        };
        let lock_path = self.home.locks().join(format!("{tool}-{version}.lock"));
        let lock = wait.acquire(&lock_path, &format!("installing {tool} {version}"))?;
        sweep(&self.home);
        // What was not there before the wait was made by who was waited for; that is as good as a forced install.
        match self.store.installed(tool, version) {
            Some(release) if before.is_none_or(|before| before.receipt != release.receipt) => {
                return Ok(Installed { release, already: true });
            }
            // Also by force: what would come of it is there, byte for byte.
            Some(release) if is_made_so(&release, self.config) => return Ok(Installed { release, already: true }),
            _ => {}
        }
        let sizes = self.config.parts.iter().map(|part| part.size).collect();
        let meter = Meter::new(self.reporter, Some(&lock), sizes);
        let staging = Staging::create(&self.home, &format!("{tool}-{version}"))?;
        let file_system = FileSystem::of(staging.path()).at("open", staging.path())?;
        let unpacked = self.unpack_all(&staging, &meter, &wait)?;
        self.finish(&unpacked, &staging, &file_system, &target, &meter)
    }

    /// Receive and unpack all archives, from the beginning as often as it takes.
    fn unpack_all(&self, staging: &Staging, meter: &Meter<'_>, wait: &Wait<'_>) -> Result<Unpacked, InstallError> {
        let session = Session {
            home: &self.home,
            agent: download::agent(&self.hooks.patience),
            patience: &self.hooks.patience,
            watch: &self.watch,
            meter,
            wait,
            offline: self.config.offline,
        };
        if self.config.parts.is_empty() {
            return Err(InstallError::NoParts);
        }
        // Archives that turned out to be readable only by their directory.
        let mut by_file: Vec<Option<Fetched>> = self.config.parts.iter().map(|_| None).collect();
        let mut beginnings = 1;
        'again: loop {
            let tree = Tree::new(staging.fresh_release()?, Limits::default(), self.watch.clone())?;
            let mut unpacked = Unpacked { tree, parts: Vec::new() };
            for (index, part) in self.config.parts.iter().enumerate() {
                meter.begin_part(index);
                let result = match &by_file[index] {
                    Some(fetched) => self.unpack_file(part, fetched, meter, &mut unpacked.tree),
                    None => self.unpack_stream(part, index, &session, staging, &mut unpacked.tree),
                };
                match result {
                    Ok(part) => unpacked.parts.push(part),
                    Err(Stumble::NeedsFile(fetched)) => {
                        meter.begin_again(&"it has to be unpacked from its whole file");
                        by_file[index] = Some(fetched);
                        continue 'again;
                    }
                    Err(Stumble::Again(error)) if beginnings < BEGINNINGS => {
                        meter.begin_again(&error);
                        beginnings += 1;
                        continue 'again;
                    }
                    Err(Stumble::Again(error) | Stumble::Fatal(error)) => return Err(error),
                }
            }
            return Ok(unpacked);
        }
    }

    /// Receive an archive and unpack it on the way.
    fn unpack_stream(
        &self,
        part: &Part,
        index: usize,
        session: &Session<'_>,
        staging: &Staging,
        tree: &mut Tree,
    ) -> Result<ReceiptPart, Stumble> {
        let archive = Archive::of(part, &self.excluded)?;
        let url = match &self.config.download_url {
            Some(url) if index == 0 => url,
            _ => &part.url,
        };
        let stumbled = |kind| Stumble::of(DownloadError { archive: part.file_name.clone(), kind });
        let private = staging.join(&format!("part-{index}"));
        let mut download = Download::begin(session, part, url, &private).map_err(stumbled)?;
        let result = archive.unpack(&mut download, tree);
        match (result, download.take_failure()) {
            (_, Some(kind)) => Err(stumbled(kind)),
            (Ok(()), None) => Ok(download.finish().map_err(stumbled)?.of(part)),
            (Err(error), None) => match error.kind {
                UnpackErrorKind::NotStreamable(_) => Err(Stumble::NeedsFile(download.finish().map_err(stumbled)?)),
                UnpackErrorKind::Disk(ref refused) if refused.full() => {
                    download.make_room();
                    Err(error.into())
                }
                UnpackErrorKind::Stop(_) | UnpackErrorKind::Disk(_) => Err(error.into()),
                // The bytes make no sense; that they are the wrong ones explains it better.
                _ => match download.condemn() {
                    Err(
                        kind @ (DownloadErrorKind::Digest { .. }
                        | DownloadErrorKind::Size { .. }
                        | DownloadErrorKind::Again(_)
                        | DownloadErrorKind::Stop(_)),
                    ) => Err(stumbled(kind)),
                    _ => Err(error.into()),
                },
            },
        }
    }

    /// Unpack an archive that was received and verified before.
    fn unpack_file(
        &self,
        part: &Part,
        fetched: &Fetched,
        meter: &Meter<'_>,
        tree: &mut Tree,
    ) -> Result<ReceiptPart, Stumble> {
        meter.enter(Phase::Extracting);
        let file = File::open(&fetched.path).at("read", &fetched.path)?;
        if let Err(error) = Archive::of(part, &self.excluded)?.unpack_file(file, tree) {
            if !matches!(error.kind, UnpackErrorKind::Stop(_) | UnpackErrorKind::Disk(_)) {
                fs::remove_file(&fetched.path).at("remove", &fetched.path)?;
            }
            return Err(error.into());
        }
        meter.advanced(fetched.size_bytes);
        Ok(fetched.of(part))
    }

    /// Everything is in the tree: check it as a whole, and put it into its place.
    fn finish(
        &self,
        unpacked: &Unpacked,
        staging: &Staging,
        file_system: &FileSystem,
        target: &Path,
        meter: &Meter<'_>,
    ) -> Result<Installed, InstallError> {
        let Unpacked { tree, parts } = unpacked;
        let release = tree.root();
        meter.step(Phase::Linking, None);
        let totals = tree.finish().map_err(|kind| UnpackError { archive: self.archives(), kind })?;
        let programs = programs::provide(release, &self.config.programs, self.config.needs.as_deref(), |name| {
            tree.files_named(name)
        })?;
        if let Some(needed) = &self.config.needs {
            await_tool(needed, self.hooks.state_of, self.reporter, &self.watch)?;
        }
        self.run_postinstall(release, meter)?;
        let contents = self.list_files(release, tree, &programs)?;
        let unsynced_boot = file_system.may_be_late();
        let receipt = Receipt::now(Facts {
            tool: &self.config.tool_name,
            version: &self.config.version,
            source: &self.config.source,
            package: &self.config.package,
            files: totals.files,
            size_bytes: totals.size_bytes,
            contents: Some(contents),
            unsynced_boot: unsynced_boot.map(str::to_owned),
            recipe: recipe(self.config),
            parts: parts.clone(),
            programs,
        });
        meter.step(Phase::Linking, None);
        receipt.write(release)?;
        if unsynced_boot.is_none() {
            file_system.sync().at("sync", release)?;
        }
        self.watch.check().map_err(|stop| InstallError::stopped(stop, self.config.deadline_ms))?;
        self.store.activate(release, staging, target)?;
        Ok(Installed { release: Release { path: target.to_owned(), receipt }, already: false })
    }

    /// Write down what files there are: those that were unpacked, and what was made of the programs; all anew after a
    /// post-install command, which may have changed anything.
    fn list_files(&self, release: &Path, tree: &Tree, programs: &[ReceiptProgram]) -> Result<Digest, DiskError> {
        let mut manifest = tree.manifest().clone();
        let mut touched = vec![PathBuf::from("bin")];
        let top = release.canonicalize().at("read", release)?;
        let unpacked = self.config.programs.iter().map(|program| &program.path);
        for path in unpacked.chain(programs.iter().map(|program| &program.path)) {
            // A program may be a link to the file that was made executable.
            let real = release.join(path).canonicalize().ok();
            touched.extend(real.and_then(|real| real.strip_prefix(&top).ok().map(Path::to_owned)));
        }
        manifest.refresh(release, &touched, self.config.postinstall.is_some())?;
        manifest.write(release)
    }

    fn run_postinstall(&self, release: &Path, meter: &Meter<'_>) -> Result<(), InstallError> {
        let Some(command) = self.config.postinstall.as_deref() else { return Ok(()) };
        meter.step(Phase::PostInstall, None);
        let bin: PathBuf = release.join("bin");
        let time_left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let result = (self.hooks.postinstall)(&PostInstall { command, release, bin: &bin, time_left });
        // Who stopped the install has probably stopped the command too: that is the cause.
        self.watch.check().map_err(|stop| InstallError::stopped(stop, self.config.deadline_ms))?;
        result.map_err(|reason| InstallError::PostInstall { command: command.to_owned(), reason })
    }

    fn archives(&self) -> String {
        let names: Vec<&str> = self.config.parts.iter().map(|part| part.file_name.as_str()).collect();
        names.join("`, `")
    }
}

impl Stumble {
    fn of(error: DownloadError) -> Self {
        match error.kind {
            DownloadErrorKind::Again(kind) => Self::Again(DownloadError { kind: *kind, ..error }.into()),
            kind => Self::Fatal(DownloadError { kind, ..error }.into()),
        }
    }
}

impl<E: Into<InstallError>> From<E> for Stumble {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

impl Fetched {
    fn of(&self, part: &Part) -> ReceiptPart {
        ReceiptPart { file_name: part.file_name.clone(), digest: self.digest.clone(), size_bytes: self.size_bytes }
    }
}
