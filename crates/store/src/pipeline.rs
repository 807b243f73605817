//! One install: from a configuration to a release in the store.
//!
//! Take the lock, check the store, and create a staging directory. Receive, digest and unpack each archive in one pass.
//! Then make the programs usable, run the post-install command, sync if that can't wait, and rename. The release is
//! invisible until the rename, and any failure before it leaves the store unchanged.

use std::borrow::Cow;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vx_base::digest::Digest;
use vx_base::package::archive::Archive;
use vx_base::package::{Part, Program};
use vx_base::paths::Home;

use crate::config::InstallConfig;
use crate::report::{InstallProgress, InstallStep, Reporter};

use super::cancel::{CancelToken, CancelWatch};
use super::disk::{DiskError, DiskErrorContext};
use super::download::{self, Download, DownloadError, DownloadErrorKind, DownloadSession, Fetched, Patience};
use super::error::{CommandFault, InstallError};
use super::lock::{LockHolder, LockWaitTerms};
use super::progress::ArchiveProgress;
use super::store::{Store, StoreEntry};
use super::unpack::{Excluded, NameCase, ReleaseTree, UnpackError, UnpackErrorKind, UnpackLimits, Unpacker};
use crate::lock::needed_tool::{NeededToolState, await_tool};
use crate::release::native::{self, NativeError, NativeFault};
use crate::release::programs;
use crate::release::receipt::{Receipt, ReceiptFacts, ReceiptProgram};
use crate::release::shipped;
use crate::release::staging::{Staging, sweep};
use crate::release::trial::{Trial, TrialEnd, TrialSubject};
use crate::store::folder::folder_of;
use crate::store::recipe::{instructions, is_made_so, recipe};
use crate::store::sync::SyncedFileSystem;

/// How often all archives may be read from the start, because bytes passed on turned out to be worthless.
const STARTS_MAX: u32 = 4;

/// Option with the patterns of archive files to leave out.
const EXCLUDE_OPTION: &str = "exclude_patterns";

/// Functions and bounds that an install gets from its caller.
pub struct Hooks<'a> {
    /// Returns the progress of the process that installs the same release, from its board; `None` if it is unknown.
    pub progress_of: &'a dyn Fn(&LockHolder) -> Option<InstallProgress>,
    /// Returns the progress of another tool's install in this run; `None` once that is done, or if the run doesn't
    /// install it.
    pub state_of: &'a dyn Fn(&str) -> Option<NeededToolState>,
    /// Runs a post-install command.
    pub postinstall: &'a dyn Fn(&PostInstall<'_>) -> Result<(), CommandFault>,
    /// Starts a program once.
    pub trial: &'a dyn Fn(&Trial<'_>) -> TrialEnd,
    /// Bounds of all waits.
    pub patience: Patience,
}

/// A post-install command to run.
#[derive(Clone, Copy, Debug)]
pub struct PostInstall<'a> {
    /// The command as written in `vx.toml`.
    pub command: &'a str,
    /// Directory in which the command runs: the release, not yet in its final place.
    pub release: &'a Path,
    /// Folder of the release's programs, to put first on PATH.
    pub bin: &'a Path,
    /// Rest of the install's time.
    pub time_left: Option<Duration>,
}

/// What an install led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallOutcome {
    /// The release.
    pub release: StoreEntry,
    /// Whether nothing was fetched: the release was there already, or another process made it meanwhile.
    pub already: bool,
}

/// Install a release, after removing leftovers of dead processes from `tmp/`.
pub fn install(
    config: &InstallConfig,
    reporter: &dyn Reporter,
    cancel: &CancelToken,
    hooks: &Hooks<'_>,
) -> Result<InstallOutcome, InstallError> {
    let deadline = config.deadline_ms.and_then(|limit| Instant::now().checked_add(Duration::from_millis(limit)));
    let home = Home::from_root(config.home.clone());
    let unwanted = config.options.get(EXCLUDE_OPTION).map_or("", String::as_str);
    let archive = || config.parts.first().map(|part| part.archive.file.clone()).unwrap_or_default();
    let excluded = Excluded::parse(unwanted).map_err(|kind| UnpackError { archive: archive(), kind })?;
    let install = InstallPipeline {
        config,
        store: Store::new(home.clone()),
        home,
        reporter,
        watch: CancelWatch::new(cancel.clone(), deadline),
        deadline,
        hooks,
        excluded,
    };
    install.run().map_err(|error| error.plain(config.deadline_ms))
}

struct InstallPipeline<'a> {
    config: &'a InstallConfig,
    home: Home,
    store: Store,
    reporter: &'a dyn Reporter,
    watch: CancelWatch,
    deadline: Option<Instant>,
    hooks: &'a Hooks<'a>,
    /// Files of the archives to leave out.
    excluded: Excluded,
}

/// Archives that were unpacked.
struct Unpacked {
    tree: ReleaseTree,
    parts: Vec<Archive>,
}

/// Why an archive was not unpacked.
enum UnpackFailure {
    /// The install fails.
    Fatal(InstallError),
    /// Everything is read again from the start, a few times; after that the install fails with this error.
    Restart(InstallError),
    /// The archive can only be unpacked from its whole file, which is now in the cache.
    NeedsFile(Fetched),
}

impl InstallPipeline<'_> {
    fn run(&self) -> Result<InstallOutcome, InstallError> {
        let (tool, version) = (self.config.tool_name.as_str(), self.config.version.as_str());
        let target = self.store.path(tool, version)?;
        let before = self.store.installed(tool, version);
        if let Some(release) = before.clone().filter(|_| !self.config.force) {
            return Ok(InstallOutcome { release, already: true });
        }
        // Refuse: if this vx replaced it, the later vx would replace it again, and so on.
        if let Some(layout) = Receipt::later_layout(&target) {
            return Err(InstallError::Later { path: target, layout });
        }
        let wait = LockWaitTerms {
            board: self.config.board.as_ref(),
            reporter: self.reporter,
            watch: &self.watch,
            stall: self.hooks.patience.holder_stall,
            progress_of: self.hooks.progress_of,
        };
        let label = format!("{}-{version}", folder_of(tool));
        let lock_path = self.home.locks().join(format!("{label}.lock"));
        let _lock = wait.acquire(&lock_path, &format!("installing {tool} {version}"))?;
        sweep(&self.home);
        // If the release appeared while we waited, the lock's holder installed it; count that as done, even with
        // `--force`.
        match self.store.installed(tool, version) {
            Some(release) if before.is_none_or(|before| before.receipt != release.receipt) => {
                return Ok(InstallOutcome { release, already: true });
            }
            // A forced install is skipped too if it would produce the same bytes.
            Some(release) if is_made_so(&release, self.config) => return Ok(InstallOutcome { release, already: true }),
            _ => {}
        }
        let sizes = self.config.parts.iter().map(|part| part.archive.size).collect();
        let meter = ArchiveProgress::new(self.reporter, sizes);
        let staging = Staging::create(&self.home, &label)?;
        let file_system = SyncedFileSystem::open(staging.path()).with_path("open", staging.path())?;
        let unpacked = self.unpack_all(&staging, &meter, &wait)?;
        self.finish(&unpacked, &staging, &file_system, &target, &meter)
    }

    /// Receive and unpack all archives; start over as often as necessary.
    fn unpack_all(
        &self,
        staging: &Staging,
        meter: &ArchiveProgress<'_>,
        wait: &LockWaitTerms<'_>,
    ) -> Result<Unpacked, InstallError> {
        let session = DownloadSession {
            home: &self.home,
            client: download::client(&self.hooks.patience, &self.config.trust),
            patience: &self.hooks.patience,
            watch: &self.watch,
            meter,
            wait,
            offline: self.config.offline,
        };
        if self.config.parts.is_empty() {
            return Err(InstallError::NoParts);
        }
        // Archives that can only be unpacked from their whole file.
        let mut by_file: Vec<Option<Fetched>> = self.config.parts.iter().map(|_| None).collect();
        let mut starts = 1;
        'again: loop {
            let release = staging.fresh_release()?;
            let case = NameCase::around(&release)?;
            let tree = ReleaseTree::new(release, case, UnpackLimits::default(), self.watch.clone())?;
            let mut unpacked = Unpacked { tree, parts: Vec::new() };
            for (index, part) in self.config.parts.iter().enumerate() {
                meter.begin_part(index);
                let result = match &by_file[index] {
                    Some(fetched) => self.unpack_file(part, fetched, meter, &mut unpacked.tree),
                    None => self.unpack_stream(part, index, &session, staging, &mut unpacked.tree),
                };
                match result {
                    Ok(part) => unpacked.parts.push(part),
                    Err(UnpackFailure::NeedsFile(fetched)) => {
                        meter.restarted(&"it has to be unpacked from its whole file");
                        by_file[index] = Some(fetched);
                        continue 'again;
                    }
                    Err(UnpackFailure::Restart(error)) if starts < STARTS_MAX => {
                        meter.restarted(&error);
                        starts += 1;
                        continue 'again;
                    }
                    Err(UnpackFailure::Restart(error) | UnpackFailure::Fatal(error)) => return Err(error),
                }
            }
            return Ok(unpacked);
        }
    }

    /// Receive an archive and unpack it in the same pass.
    fn unpack_stream(
        &self,
        part: &Part,
        index: usize,
        session: &DownloadSession<'_>,
        staging: &Staging,
        tree: &mut ReleaseTree,
    ) -> Result<Archive, UnpackFailure> {
        let unpacker = Unpacker::for_archive(&part.archive, &self.excluded)?;
        let instead = self.config.download_url.as_deref().filter(|_| index == 0);
        let failed =
            |kind| UnpackFailure::from_download_error(DownloadError { archive: part.archive.file.clone(), kind });
        let private = staging.join(&format!("part-{index}"));
        let mut download = Download::begin(session, part, instead, &private).map_err(failed)?;
        let result = unpacker.unpack(&mut download, tree);
        match (result, download.take_failure()) {
            (_, Some(kind)) => Err(failed(kind)),
            (Ok(()), None) => Ok(download.finish().map_err(failed)?.received_archive(&part.archive)),
            (Err(error), None) => match error.kind {
                UnpackErrorKind::NotStreamable(_) => Err(UnpackFailure::NeedsFile(download.finish().map_err(failed)?)),
                UnpackErrorKind::Disk(ref refused) if refused.full() => {
                    download.make_room();
                    Err(error.into())
                }
                UnpackErrorKind::Stop(_) | UnpackErrorKind::Disk(_) => Err(error.into()),
                // The archive is malformed. If its bytes are also wrong, that is the better explanation.
                ref kind => match Self::reject(download, kind) {
                    Err(
                        kind @ (DownloadErrorKind::Digest { .. }
                        | DownloadErrorKind::Size { .. }
                        | DownloadErrorKind::Encoded { .. }
                        | DownloadErrorKind::Again(_)
                        | DownloadErrorKind::Stop(_)),
                    ) => Err(failed(kind)),
                    _ => Err(error.into()),
                },
            },
        }
    }

    fn reject(download: Download<'_>, kind: &UnpackErrorKind) -> Result<(), DownloadErrorKind> {
        match kind {
            UnpackErrorKind::OtherContent { .. } => download.reject_head(),
            _ => download.reject(),
        }
    }

    /// Unpack an archive that is in the cache and verified.
    fn unpack_file(
        &self,
        part: &Part,
        fetched: &Fetched,
        meter: &ArchiveProgress<'_>,
        tree: &mut ReleaseTree,
    ) -> Result<Archive, UnpackFailure> {
        meter.enter(InstallStep::Extracting);
        let file = File::open(&fetched.path).with_path("read", &fetched.path)?;
        if let Err(error) = Unpacker::for_archive(&part.archive, &self.excluded)?.unpack_file(file, tree) {
            if !matches!(error.kind, UnpackErrorKind::Stop(_) | UnpackErrorKind::Disk(_)) {
                fs::remove_file(&fetched.path).with_path("remove", &fetched.path)?;
            }
            return Err(error.into());
        }
        meter.advanced(fetched.size_bytes);
        Ok(fetched.received_archive(&part.archive))
    }

    /// Check the whole tree, and activate it as a release.
    fn finish(
        &self,
        unpacked: &Unpacked,
        staging: &Staging,
        file_system: &SyncedFileSystem,
        target: &Path,
        meter: &ArchiveProgress<'_>,
    ) -> Result<InstallOutcome, InstallError> {
        let Unpacked { tree, parts } = unpacked;
        let release = tree.root();
        meter.enter_uncounted(InstallStep::Linking, None);
        let totals = tree.finish().map_err(|kind| UnpackError { archive: self.archives(), kind })?;
        if self.config.postinstall.is_none() {
            meter.placing(totals.files);
        }
        let declared = match self.config.ships_programs {
            true => Cow::Owned(shipped::programs(release, self.config)?),
            false => Cow::Borrowed(self.config.programs.as_slice()),
        };
        let programs =
            programs::provide(release, &declared, self.config.needs.as_deref(), |name| tree.files_named(name))?;
        self.check_programs(release, &declared, parts)?;
        if let Some(needed) = &self.config.needs {
            await_tool(needed, self.hooks.state_of, self.reporter, &self.watch)?;
        }
        self.run_postinstall(release, meter)?;
        let contents = self.list_files(release, tree, &programs)?;
        let unsynced_boot = file_system.deferrable_in();
        let receipt = Receipt::now(ReceiptFacts {
            tool: &self.config.tool_name,
            version: &self.config.version,
            source: &self.config.source,
            package: &self.config.package,
            files: totals.files,
            size_bytes: totals.size_bytes,
            contents: Some(contents),
            unsynced_boot: unsynced_boot.map(str::to_owned),
            recipe: recipe(self.config),
            instructions: instructions(&self.config.parts, &self.config.programs, self.config.postinstall.as_deref()),
            parts: parts.clone(),
            programs,
        });
        meter.placing(totals.files);
        receipt.write(release)?;
        if unsynced_boot.is_none() {
            file_system.sync().with_path("sync", release)?;
        }
        self.watch.check().map_err(|stop| InstallError::stopped(stop, self.config.deadline_ms))?;
        self.store.activate(release, staging, target)?;
        Ok(InstallOutcome { release: StoreEntry { path: target.to_owned(), receipt }, already: false })
    }

    /// Check that each native program fits this machine. Start the first one once, if the configuration asks for it and
    /// no earlier start of the same program is known to have gone well.
    fn check_programs(&self, release: &Path, programs: &[Program], parts: &[Archive]) -> Result<(), InstallError> {
        let mut first = None;
        for program in programs.iter().filter(|program| program.runner.is_none()) {
            let file = release.join(&program.path);
            if native::check(&program.name, &file)? {
                first = first.or(Some((program, file)));
            }
        }
        let (Some(arguments), Some((program, file))) = (&self.config.trial, first) else { return Ok(()) };
        let unwanted = self.config.options.get(EXCLUDE_OPTION).map_or("", String::as_str);
        let subject = TrialSubject::for_program(parts, unwanted, &program.path, arguments);
        if subject.as_ref().is_some_and(|subject| subject.is_known_to_run(&self.home)) {
            return Ok(());
        }
        let end = (self.hooks.trial)(&Trial { file: &file, arguments });
        self.watch.check().map_err(|stop| InstallError::stopped(stop, self.config.deadline_ms))?;
        match (end, subject) {
            (TrialEnd::Died(signal), _) => {
                let fault = NativeFault::Died(signal);
                return Err(NativeError { program: program.name.clone(), fault }.into());
            }
            (TrialEnd::Runs, Some(subject)) => subject.keep(&self.home),
            (TrialEnd::Runs, None) | (TrialEnd::Unknown, _) => {}
        }
        Ok(())
    }

    /// Write the manifest: the unpacked files and those made for programs. After a post-install command all files are
    /// read again, because the command may have changed any of them.
    fn list_files(&self, release: &Path, tree: &ReleaseTree, programs: &[ReceiptProgram]) -> Result<Digest, DiskError> {
        let mut manifest = tree.manifest().clone();
        let mut touched = vec![PathBuf::from("bin")];
        let top = release.canonicalize().with_path("read", release)?;
        let unpacked = self.config.programs.iter().map(|program| &program.path);
        for path in unpacked.chain(programs.iter().map(|program| &program.path)) {
            // A program may be a link to the file that was made executable.
            let real = release.join(path).canonicalize().ok();
            touched.extend(real.and_then(|real| real.strip_prefix(&top).ok().map(Path::to_owned)));
        }
        manifest.refresh(release, &touched, self.config.postinstall.is_some())?;
        manifest.write(release)
    }

    fn run_postinstall(&self, release: &Path, meter: &ArchiveProgress<'_>) -> Result<(), InstallError> {
        let Some(command) = self.config.postinstall.as_deref() else { return Ok(()) };
        meter.enter_uncounted(InstallStep::PostInstall, None);
        let bin: PathBuf = release.join("bin");
        let time_left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let result = (self.hooks.postinstall)(&PostInstall { command, release, bin: &bin, time_left });
        // If the install is stopped, that probably ended the command as well, so report the stop.
        self.watch.check().map_err(|stop| InstallError::stopped(stop, self.config.deadline_ms))?;
        result.map_err(|fault| InstallError::PostInstall { command: command.to_owned(), fault })
    }

    fn archives(&self) -> String {
        let names: Vec<&str> = self.config.parts.iter().map(|part| part.archive.file.as_str()).collect();
        names.join("`, `")
    }
}

impl UnpackFailure {
    fn from_download_error(error: DownloadError) -> Self {
        match error.kind {
            DownloadErrorKind::Again(kind) => Self::Restart(DownloadError { kind: *kind, ..error }.into()),
            kind => Self::Fatal(DownloadError { kind, ..error }.into()),
        }
    }
}

impl<E: Into<InstallError>> From<E> for UnpackFailure {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

impl Fetched {
    /// Describe the archive by the digest and size of the received bytes instead of the expected ones.
    fn received_archive(&self, archive: &Archive) -> Archive {
        Archive { digest: Some(self.digest.clone()), size: Some(self.size_bytes), ..archive.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetched_archive_keeps_its_facts_beside_the_digest_and_size_of_its_bytes() {
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        let fetched = Fetched { digest: digest.clone(), size_bytes: 7, path: PathBuf::new() };
        let asked = Archive {
            package: "p".into(),
            version: "1.0.0".into(),
            file: "p.tgz".into(),
            digest: None,
            size: Some(5),
            strip: 1,
            into: "lib".into(),
        };
        assert_eq!(fetched.received_archive(&asked), Archive { digest: Some(digest), size: Some(7), ..asked });
    }
}
