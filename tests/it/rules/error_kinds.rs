//! Every typed error, made by hand: its kind is right, and its text, its hint and each of its details is a single line.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use vx_base::digest::Algorithm;
use vx_base::paths::{NoHome, RuntimeError};
use vx_base::system::process_limit::ProcessLimit;
use vx_base::trouble::TroubleKind::{self, *};
use vx_base::trouble::{Explain, Trouble};
use vx_fetch::tools::catalogue::UnknownTool;
use vx_fetch::{NoRecipe, SignatureFault, SourceError, SourceErrorKind};
use vx_http::{LowestRate, Misdirection, TlsFault};
use vx_plan::Undeclared;
use vx_project::lock::LockError;
use vx_project::scripts::ScriptError;
use vx_project::version::{BadRequest, Miss};
use vx_project::{ConfigErrors, NoMatch, Problem, ProjectError};
use vx_run::board_error::BoardTrouble;
use vx_run::channel::{ChannelError, ConfigError, ConnectError};
use vx_store::{
    CommandFault, DiskError, DownloadError, DownloadErrorKind, InstallError, InstallStop, LockWaitError, NeedError,
    ProvidedProgramError, RemoveError, StoreNameError, UnpackError, UnpackErrorKind,
};

/// The kind of an error, after a check that its parts are single lines.
fn kind_of(error: &(impl std::fmt::Display + Explain)) -> TroubleKind {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(['\n', '\r']), "{text:?} is no line");
    let trouble = Trouble::from_error(error);
    assert_eq!((trouble.text.as_str(), trouble.kind), (text.as_str(), error.kind()));
    for line in trouble.details.iter().chain(&trouble.hint) {
        assert!(!line.contains('\n'), "{line:?} is no line");
    }
    trouble.kind
}

fn path() -> PathBuf {
    PathBuf::from("/home/me/project")
}

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::PermissionDenied)
}

fn disk() -> DiskError {
    DiskError { doing: "write", path: path(), need_bytes: Some(7), source: io::ErrorKind::StorageFull.into() }
}

fn name() -> StoreNameError {
    StoreNameError { what: "tool", name: "a/b".into() }
}

#[test]
fn errors_of_sources_have_their_kinds() {
    let text = || "nothing".to_owned();
    for (kind, expected) in [
        (SourceErrorKind::NoSuchPackage, NotFound),
        (SourceErrorKind::NoSuchVersion(text()), NotFound),
        (SourceErrorKind::NotForPlatform(text()), NotForPlatform),
        (SourceErrorKind::NotAllowed(401), Access),
        (SourceErrorKind::Status(503), Network),
        (SourceErrorKind::Status(418), BadAnswer),
        (SourceErrorKind::Unreachable(text()), Network),
        (SourceErrorKind::Stalled(Duration::from_secs(30)), Network),
        (SourceErrorKind::Slow(LowestRate::default()), Network),
        (SourceErrorKind::ComeBackLater(Duration::from_secs(900)), Network),
        (SourceErrorKind::Lost(text()), Network),
        (SourceErrorKind::Proxy { proxy: text(), reason: text() }, Network),
        (SourceErrorKind::Certificate(TlsFault::Client(text())), Network),
        (SourceErrorKind::NoSuchDocument, NotFound),
        (SourceErrorKind::PassedOver(vec!["1.0.0".into()]), BadAnswer),
        (SourceErrorKind::Overdue(Duration::from_secs(30)), Timeout),
        (SourceErrorKind::Redirected(text()), BadAnswer),
        (SourceErrorKind::TooLarge(9), BadAnswer),
        (SourceErrorKind::WebPage, BadAnswer),
        (SourceErrorKind::Garbage(text()), BadAnswer),
        (SourceErrorKind::NewerInterface("2.0".into()), BadAnswer),
        (SourceErrorKind::NoDigest, Digest),
        (SourceErrorKind::Signature(SignatureFault::Wrong { key: text() }), Signature),
        (SourceErrorKind::Signature(SignatureFault::UnknownKey { key: text(), known: vec![text()] }), Signature),
        (SourceErrorKind::Signature(SignatureFault::Required(text())), Signature),
        (SourceErrorKind::NotConfigured(text()), Configuration),
        (SourceErrorKind::BadSetting { setting: text(), reason: text() }, Configuration),
        (SourceErrorKind::Offline, Offline),
        (SourceErrorKind::Program(text()), Program),
    ] {
        let shown = format!("{kind:?}");
        let error = SourceError { what: "the versions of node".into(), host: Some("host".into()), kind };
        assert_eq!(kind_of(&error), expected, "{shown}");
    }
    for published in [None, Some("2026".to_owned())] {
        let fault = SignatureFault::Expired { key: text(), expired: "2025".into(), published };
        let kind = SourceErrorKind::Signature(fault);
        assert_eq!(kind_of(&SourceError { what: text(), host: None, kind }), Signature);
    }
}

#[test]
fn errors_of_downloads_have_their_kinds() {
    let address = || "https://host/a.tgz".to_owned();
    let digest = || Algorithm::Sha512.hasher().finish();
    let reason = || "it broke".to_owned();
    for (kind, expected) in [
        (DownloadErrorKind::Address { address: address(), reason: reason() }, Configuration),
        (DownloadErrorKind::Status { address: address(), status: 403 }, Access),
        (DownloadErrorKind::Status { address: address(), status: 404 }, NotFound),
        (DownloadErrorKind::Status { address: address(), status: 503 }, Network),
        (DownloadErrorKind::Status { address: address(), status: 418 }, BadAnswer),
        (DownloadErrorKind::ComeBackLater { address: address(), seconds: 900 }, Network),
        (DownloadErrorKind::WebPage { address: address() }, BadAnswer),
        (DownloadErrorKind::Setting { setting: "HTTPS_PROXY".into(), reason: "is wrong".into() }, Configuration),
        (DownloadErrorKind::Redirects { address: address(), misdirection: Misdirection::Endless }, BadAnswer),
        (DownloadErrorKind::Tls { address: address(), reason: TlsFault::Server(reason()) }, Network),
        (
            DownloadErrorKind::Connection {
                address: address(),
                reason: reason(),
                attempts: 5,
                received: 0,
                kept: false,
            },
            Network,
        ),
        (DownloadErrorKind::Digest { expected: digest(), got: digest() }, Digest),
        (DownloadErrorKind::Size { expected: 1, got: 2, more: true }, Digest),
        (DownloadErrorKind::TooLarge { limit: 9 }, BadAnswer),
        (
            DownloadErrorKind::Slow { address: address(), lowest: LowestRate::default(), received: 9, kept: true },
            Network,
        ),
        (DownloadErrorKind::Limit(ProcessLimit::current()), Limit),
        (DownloadErrorKind::NotContinued { address: address(), reason: reason() }, Network),
        (DownloadErrorKind::Encoded { address: address(), encoding: "gzip".into() }, BadAnswer),
        (DownloadErrorKind::Offline, Offline),
        (DownloadErrorKind::Unsteady { address: address() }, BadAnswer),
        (DownloadErrorKind::Disk(disk()), Disk),
        (DownloadErrorKind::Stop(InstallStop::Deadline), Timeout),
        (DownloadErrorKind::Again(Box::new(DownloadErrorKind::Unsteady { address: address() })), BadAnswer),
    ] {
        let shown = format!("{kind:?}");
        assert_eq!(kind_of(&DownloadError { archive: "a.tgz".into(), kind }), expected, "{shown}");
    }
}

#[test]
fn errors_of_archives_have_their_kinds() {
    let entry = || "a/b".to_owned();
    for (kind, expected) in [
        (UnpackErrorKind::Format("rar".into()), Archive),
        (UnpackErrorKind::Pattern { pattern: "[".into(), reason: "it is not closed" }, Configuration),
        (UnpackErrorKind::OtherContent { expected: "a zip", found: "a web page" }, BadAnswer),
        (UnpackErrorKind::Damaged(io::ErrorKind::InvalidData.into()), Archive),
        (UnpackErrorKind::Empty { strip: 2 }, Archive),
        (UnpackErrorKind::Path { entry: entry(), reason: "leaves it" }, Archive),
        (UnpackErrorKind::Twice { entry: entry(), earlier: entry() }, Archive),
        (UnpackErrorKind::LinkOutside { entry: entry(), target: entry() }, Archive),
        (UnpackErrorKind::Kind { entry: entry(), kind: "a device" }, Archive),
        (UnpackErrorKind::TooMuch { limit: 9, unit: "bytes", entry: Some(entry()) }, Archive),
        (UnpackErrorKind::NotStreamable("its directory is at its end"), Archive),
        (UnpackErrorKind::Disk(disk()), Disk),
        (UnpackErrorKind::Stop(InstallStop::Cancelled), Cancelled),
    ] {
        let shown = format!("{kind:?}");
        assert_eq!(kind_of(&UnpackError { archive: "a.tgz".into(), kind }), expected, "{shown}");
    }
    let program = || "tool".to_owned();
    for (error, expected) in [
        (ProvidedProgramError::Missing { program: program(), path: entry(), instead: vec![entry()] }, Archive),
        (ProvidedProgramError::NoFile { program: program(), path: entry(), what: "a folder" }, Archive),
        (ProvidedProgramError::Name("a\nb".into()), Configuration),
        (ProvidedProgramError::NoRunner { program: program(), runner: "node".into() }, Configuration),
        (ProvidedProgramError::Taken { program: program(), path: entry() }, Archive),
        (ProvidedProgramError::Disk(disk()), Disk),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
}

#[test]
fn errors_of_installs_have_their_kinds() {
    let stuck = |pid, stopped| LockWaitError::Stuck {
        pid,
        doing: "installing node".into(),
        seconds: 120,
        stopped,
        unseen: None,
    };
    let fault = CommandFault { reason: "exit code 3".into(), output: vec!["no compiler".into()], limit: None };
    for (error, expected) in [
        (InstallError::Cancelled, Cancelled),
        (InstallError::Deadline { limit_ms: 900 }, Timeout),
        (InstallError::Name(name()), Configuration),
        (InstallError::NoParts, Internal),
        (InstallError::Later { path: path(), layout: 2 }, Internal),
        (InstallError::Wait(stuck(0, false)), Busy),
        (InstallError::Wait(stuck(7, true)), Busy),
        (InstallError::Wait(LockWaitError::Stop(InstallStop::Deadline)), Timeout),
        (InstallError::Wait(LockWaitError::Disk(disk())), Disk),
        (InstallError::Need(NeedError::Failed("node".into())), Dependency),
        (InstallError::Need(NeedError::Stop(InstallStop::Cancelled)), Cancelled),
        (InstallError::PostInstall { command: "cd x\nmake\n".into(), fault }, PostInstall),
        (InstallError::Disk(disk()), Disk),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    assert_eq!(kind_of(&RemoveError::Name(name())), Configuration);
    assert_eq!(kind_of(&RemoveError::Disk(disk())), Disk);
}

#[test]
fn errors_of_projects_have_their_kinds() {
    let problem = |message: &str| Problem {
        message: message.into(),
        advice: Some("quote it".into()),
        line: 2,
        column: 1,
        source_line: "node = 20".into(),
        left_out: 0,
        length: 4,
    };
    let wrong = ConfigErrors { path: path(), problems: vec![problem("no"), problem("not at all")] };
    for (error, expected) in [
        (ProjectError::Missing { from: path() }, NotFound),
        (ProjectError::Unreadable { path: path(), cause: refused() }, Disk),
        (ProjectError::TooLarge { path: path() }, Configuration),
        (ProjectError::Wrong(wrong), Configuration),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    for (error, expected) in [
        (LockError::Broken { path: path(), reason: "line 3".into() }, Lock),
        (LockError::Newer { path: path(), version: 99 }, Lock),
        (LockError::Io { path: path(), action: "read", cause: refused() }, Disk),
        (LockError::Busy { path: path(), waited: Duration::from_secs(9), unseen: None }, Busy),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    for (miss, expected) in [
        (Miss::NothingOffered, NotForPlatform),
        (Miss::NothingInRange, NotFound),
        (Miss::OnlyPrereleases, NotFound),
        (Miss::NoSupportLines, NotFound),
        (Miss::UnknownCodename(vec!["jod".into()]), NotFound),
    ] {
        let error = NoMatch { request: "^22".into(), miss, nearest: vec!["22.1.0".into()] };
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    for (error, expected) in [
        (ScriptError::Unknown { name: "a".into(), wanted_by: Some("b".into()), near: vec!["c".into()] }, NotFound),
        (ScriptError::Circle { circle: vec!["a".into(), "a".into()] }, Configuration),
        (ScriptError::Word { script: "a".into(), word: "b".into(), near: Vec::new() }, Configuration),
        (ScriptError::Arguments { script: "a".into(), wanted: 1, given: 0 }, Usage),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    assert_eq!(kind_of(&BadRequest("x y".into())), Configuration);
    assert_eq!(kind_of(&Undeclared { tool: "npm".into(), needs: "node".into() }), Dependency);
    let unknown = |brought_by| UnknownTool { name: "nodee".into(), brought_by, near: vec!["node".into()] };
    assert_eq!(kind_of(&NoRecipe::Unknown(unknown(None))), NotFound);
    assert_eq!(kind_of(&unknown(Some("node".into()))), NotFound);
    let (tool, platform) = ("node".to_owned(), vx_base::system::platform::Platform::ALL[0]);
    assert_eq!(kind_of(&NoRecipe::NoSource { tool, platform, reason: "no".into() }), NotForPlatform);
}

#[test]
fn errors_of_places_and_channels_have_their_kinds() {
    assert_eq!(kind_of(&NoHome::Unset), Configuration);
    assert_eq!(kind_of(&NoHome::NotUtf8 { path: path() }), Configuration);
    for (error, expected) in [
        (RuntimeError::Unsafe { path: path(), problem: "is a link" }, Configuration),
        (RuntimeError::NotUtf8 { path: path() }, Configuration),
        (RuntimeError::Io { path: path(), error: refused() }, Disk),
        (RuntimeError::None, Configuration),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    for error in [
        ConfigError::Late(Duration::from_secs(5)),
        ConfigError::Closed,
        ConfigError::Half { got: 1, expected: 2 },
        ConfigError::Foreign,
        ConfigError::Newer { found: 9 },
        ConfigError::TooLong { bytes: 9 },
        ConfigError::Content("missing field at line 1".into()),
        ConfigError::OtherTool { wanted: "a".into(), found: "b".into() },
        ConfigError::Read(refused()),
    ] {
        assert_eq!(kind_of(&error), Internal, "{error:?}");
    }
    let attach = |kind| vx_shm::AttachError { path: path(), kind };
    for (error, expected) in [
        (ConnectError::Name(vx_run::channel::InvalidChannelName("x".into())), Usage),
        (ConnectError::Attach(attach(vx_shm::AttachErrorKind::Missing)), NotFound),
        (ConnectError::Attach(attach(vx_shm::AttachErrorKind::NotAFile)), Board),
        (ConnectError::NotReserved { path: path(), tool: "node".into() }, Usage),
        (ConnectError::Claim(vx_shm::ClaimError::Closed), Board),
    ] {
        assert_eq!(kind_of(&error), expected, "{error:?}");
    }
    assert_eq!(kind_of(&ChannelError::Send(refused())), Internal);
    assert_eq!(kind_of(&ChannelError::Reserve(vx_shm::ReserveError::Busy { waited_ms: 900 })), Busy);
    let source = io::Error::from(io::ErrorKind::StorageFull);
    assert_eq!(
        kind_of(&BoardTrouble(&vx_shm::CreateError::Io { path: path(), doing: "making it longer", source })),
        Disk
    );
    assert_eq!(kind_of(&BoardTrouble(&vx_shm::ReadError::Overwritten { path: path() })), Board);
    assert_eq!(kind_of(&BoardTrouble(&vx_shm::DumpError::Write { path: path(), source: refused() })), Disk);
    assert_eq!(kind_of(&BoardTrouble(&vx_shm::EndError::Table(vx_shm::ReserveError::NoKey))), Board);
}
