//! Starting the child of one install: its arguments, its document, its log.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::paths::find_runtime_directory;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{ChildGroup, Launch, LogFile, LogPolicy, OutputMode, Stdin, own_program};
use vx_shm::Unnamed;
use vx_store::config::InstallConfig;

use vx_run::channel::InstallChannel;
use vx_run::{JobAttempt, make_logs};

/// How much of a child's last output is kept for its error, in bytes.
const KEEP_BYTES: usize = 8 * 1024;

/// The program and the logs of a run's children.
#[derive(Clone, Debug)]
pub struct InstallChild {
    /// This program.
    pub program: PathBuf,
    /// The directory for the children's logs, beside the board; `None` if there is no place for it.
    pub logs: Option<PathBuf>,
}

impl InstallChild {
    /// Children that run this same program, with their logs beside the board in this file.
    pub fn beside(board: &Path) -> io::Result<Self> {
        Ok(Self { program: own_program()?, logs: make_logs(board)? })
    }
}

/// The variables by which the child finds a board that is not in its usual directory.
fn whereabouts(board: &Path) -> Vec<(OsString, OsString)> {
    let usual = find_runtime_directory().ok().flatten();
    let directory = board.parent().filter(|_| Unnamed::from_path(board).is_none());
    let elsewhere = directory.filter(|directory| usual.as_deref() != Some(*directory));
    elsewhere.map(|directory| ("VX_RUNTIME_DIR".into(), directory.into())).into_iter().collect()
}

/// The child of this program that carries out this configuration on its slot.
pub(super) fn launch(program: &Path, config: InstallConfig, place: &JobAttempt) -> Result<Launch, Trouble> {
    let unusable = |error: &dyn std::error::Error| {
        Trouble::new(TroubleKind::Program, format_args!("cannot start the installing process: {error}"))
    };
    let JobAttempt { board, reservation, mark, log, .. } = place;
    let channel = InstallChannel::on(board, *reservation, &config.tool_name).map_err(|error| unusable(&error))?;
    let arguments = vec![
        "install".into(),
        format!("{}@{}", config.tool_name, config.version).into(),
        "--ipc-channel".into(),
        channel.name().into(),
    ];
    let mut environment = whereabouts(board);
    environment.extend(mark.variables());
    let config = InstallConfig { log_file: log.clone(), board: Some(channel.slot()), ..config };
    let document = channel.document(&config).map_err(|error| unusable(&error))?;
    Ok(Launch {
        program: program.to_owned(),
        arguments,
        inherited: None,
        environment,
        directory: None,
        stdin: Stdin::Document(document),
        output: OutputMode::Merged,
        log: log.clone().map(|path| LogFile { path, heading: place.heading(), policy: LogPolicy::default() }),
        pass_on: false,
        keep_bytes: KEEP_BYTES,
        group: ChildGroup::Own,
    })
}
