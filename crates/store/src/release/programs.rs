//! Programs of a release: each exists, is executable, and is in `bin/` under its plain name.
//!
//! To use a release, it is enough to put its `bin/` first on PATH. A program whose file is outside `bin/` gets a
//! relative link there. A script such as `npm`, which `node` runs, gets a wrapper, which finds a runner of the same
//! release beside itself, and a runner of another tool on PATH or in the store.

mod wrapper;

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use vx_base::package::Program;
use vx_base::trouble::{Explain, TroubleKind};

use super::receipt::ReceiptProgram;
use crate::disk::{DiskError, DiskErrorContext};

/// Folder of the programs.
const BIN: &str = "bin";

/// Why a program can't be provided.
#[derive(Debug, thiserror::Error)]
pub enum ProvidedProgramError {
    /// The archives don't contain its file.
    #[error("program `{program}` should be `{path}`, which is not in the release")]
    Missing {
        /// The program.
        program: String,
        /// Expected path of its file.
        path: String,
        /// Files of the same name in other places of the release.
        instead: Vec<String>,
    },
    /// The path is not a file, or leads outside of the release.
    #[error("program `{program}` is `{path}`, which is {what}")]
    NoFile {
        /// The program.
        program: String,
        /// Expected path of its file.
        path: String,
        /// What is at that path.
        what: &'static str,
    },
    /// The name can't be a file name.
    #[error("`{}` cannot be the name of a program", .0.escape_debug())]
    Name(String),
    /// The release does not provide the program that runs it.
    #[error("program `{program}` is run by `{runner}`, which the release does not provide")]
    NoRunner {
        /// The program.
        program: String,
        /// Program that runs it.
        runner: String,
    },
    /// Its path in `bin/` is taken by another file.
    #[error("program `{program}` cannot be provided: `{path}` of the release is in the way")]
    Taken {
        /// The program.
        program: String,
        /// Path of that file.
        path: String,
    },
    /// A file system operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Explain for ProvidedProgramError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Name(_) | Self::NoRunner { .. } => TroubleKind::Configuration,
            Self::Missing { .. } | Self::NoFile { .. } | Self::Taken { .. } => TroubleKind::Archive,
            Self::Disk(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { instead, .. } if !instead.is_empty() => {
                let found: Vec<String> = instead.iter().take(3).map(|path| format!("`{path}`")).collect();
                Some(format!("the release has {}: correct `bin` or `strip`", found.join(", ")))
            }
            Self::Missing { .. } | Self::NoFile { .. } => Some("correct `bin` or `strip` in vx.toml".into()),
            Self::Disk(error) => error.hint(),
            _ => None,
        }
    }
}

/// Make every program usable, in a release that isn't visible yet. `needs` is the tool that runs its scripts.
/// `files_named` returns the files with a name, for hints.
pub(crate) fn provide(
    release: &Path,
    programs: &[Program],
    needs: Option<&str>,
    files_named: impl Fn(&str) -> Vec<String>,
) -> Result<Vec<ReceiptProgram>, ProvidedProgramError> {
    let bin = release.join(BIN);
    // A link in place of the folder could lead anywhere inside the release, so programs are only put into a real
    // folder.
    match fs::symlink_metadata(&bin) {
        Ok(there) if there.is_dir() => {}
        Ok(_) if programs.is_empty() => return Ok(Vec::new()),
        Ok(_) => return Err(ProvidedProgramError::Taken { program: programs[0].name.clone(), path: BIN.into() }),
        Err(_) => fs::create_dir(&bin).with_path("create", &bin)?,
    }
    for program in programs {
        check_name(&program.name)?;
        let file = find(release, program, &files_named)?;
        make_executable(&file).with_path("make executable", &file)?;
    }
    programs.iter().map(|program| place(release, program, programs, needs)).collect()
}

fn check_name(name: &str) -> Result<(), ProvidedProgramError> {
    let mut components = Path::new(name).components();
    let one = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
    let plain = !name.contains(['/', '\\', '"', '%']) && !name.contains(char::is_control) && name.len() <= 200;
    if one && plain { Ok(()) } else { Err(ProvidedProgramError::Name(name.to_owned())) }
}

/// Find a program's file: a regular file inside the release.
fn find(
    release: &Path,
    program: &Program,
    files_named: &impl Fn(&str) -> Vec<String>,
) -> Result<PathBuf, ProvidedProgramError> {
    let no_file =
        |what| ProvidedProgramError::NoFile { program: program.name.clone(), path: program.path.clone(), what };
    let plain = Path::new(&program.path).components().all(|part| matches!(part, Component::Normal(_)));
    if program.path.is_empty() || !plain {
        return Err(no_file("not a path inside the release"));
    }
    let file = release.join(&program.path);
    let real = match file.canonicalize() {
        Ok(real) => real,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let name = program.path.rsplit('/').next().unwrap_or_default();
            let (program, path) = (program.name.clone(), program.path.clone());
            return Err(ProvidedProgramError::Missing { program, path, instead: files_named(name) });
        }
        Err(error) => return Err(error).with_path("read", &file).map_err(Into::into),
    };
    let top = release.canonicalize().with_path("read", release)?;
    if !real.starts_with(&top) {
        return Err(no_file("outside of the release"));
    }
    if !real.is_file() {
        return Err(no_file("not a file"));
    }
    Ok(real)
}

/// Put a program into `bin/` unless it is there already.
fn place(
    release: &Path,
    program: &Program,
    all: &[Program],
    needs: Option<&str>,
) -> Result<ReceiptProgram, ProvidedProgramError> {
    let path = match &program.runner {
        Some(runner) if all.iter().any(|other| other.name == *runner && other.runner.is_none()) => {
            wrapper::write(release, program, &wrapper::ScriptRunner::Own(runner))?
        }
        Some(runner) => {
            let Some(tool) = needs else {
                return Err(ProvidedProgramError::NoRunner { program: program.name.clone(), runner: runner.clone() });
            };
            wrapper::write(release, program, &wrapper::ScriptRunner::Other { runner, tool })?
        }
        None => wrapper::link(release, program)?,
    };
    Ok(ReceiptProgram { name: program.name.clone(), path })
}

/// Make the file executable for everyone who may read it.
#[cfg(unix)]
fn make_executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(file)?.permissions().mode() & 0o777;
    let wanted = mode | (mode & 0o444) >> 2;
    if wanted == mode { Ok(()) } else { fs::set_permissions(file, fs::Permissions::from_mode(wanted)) }
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
