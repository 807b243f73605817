//! The route caches of a home: one small file for each directory in which programs were run.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use vx_base::files::replace_file::replace_file;
use vx_base::paths::Home;

use super::format::{LONGEST_BYTES, RouteFile, file_name, hash};
use super::{Draft, Invocation, SESSION, search_path, stamp};
use crate::workspace::session::session;

/// The most cached directories; when there would be more, the oldest half is removed.
const KEPT: usize = 512;

/// The invocation of this program in the working directory, if it is cached and the cache is still valid.
///
/// Why a cache is not valid is not reported: in any case the route is found again by the full search.
#[cfg(unix)]
pub fn shortcut(home: &Home, name: &OsStr) -> Option<Invocation> {
    use std::os::unix::ffi::OsStrExt;

    with_current(home, |cache| {
        let program = cache.program(name.as_bytes())?;
        let path = search_path(OsStr::from_bytes(program.search), std::env::var_os("PATH"));
        let mut variables = vec![("PATH".into(), path)];
        variables.extend(cache.exports().filter_map(|export| {
            let text = export.strip_suffix(b"\0")?;
            let at = text.iter().position(|byte| *byte == b'=')?;
            Some((OsStr::from_bytes(&text[..at]).into(), OsStr::from_bytes(&text[at + 1..]).into()))
        }));
        Some(Invocation { file: path_of(program.file), variables })
    })
}

/// A text that identifies the state of the working directory's cache, if that is valid.
#[cfg(unix)]
pub fn state(home: &Home) -> Option<String> {
    with_current(home, |cache| Some(format!("{:016x}", cache.state())))
}

/// Use the cache of the working directory, if it is valid.
#[cfg(unix)]
fn with_current<T>(home: &Home, ask: impl FnOnce(RouteFile<'_>) -> Option<T>) -> Option<T> {
    use std::os::unix::ffi::OsStrExt;

    let directory = std::env::current_dir().ok()?;
    let directory = directory.as_os_str().as_bytes();
    let mut bytes = Vec::with_capacity(8 * 1024);
    let file = fs::File::open(place(home, directory)).ok()?;
    file.take(LONGEST_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    let cache = RouteFile::checked(&bytes).filter(|cache| cache.directory() == Some(directory))?;
    let variable = |name: &[u8]| match name == SESSION.as_bytes() {
        true => session().map(|session| hash(session.as_bytes())),
        false => std::env::var_os(OsStr::from_bytes(name)).map(|value| hash(value.as_bytes())),
    };
    if !cache.holds(|path| stamp(&path_of(path)), variable) {
        return None;
    }
    ask(cache)
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;

    PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b"\0").unwrap_or(bytes)))
}

/// Systems without inodes have no cache.
#[cfg(not(unix))]
pub fn state(_: &Home) -> Option<String> {
    None
}

/// Systems without inodes have no cache.
#[cfg(not(unix))]
pub fn shortcut(_: &Home, _: &OsStr) -> Option<Invocation> {
    None
}

/// Cache these routes. A failure is not reported: the home may be read-only, and the next call finds its routes again.
pub fn keep(home: &Home, draft: &Draft) {
    if cfg!(unix) {
        let _ = try_keep(home, draft);
    }
}

fn try_keep(home: &Home, draft: &Draft) -> io::Result<()> {
    let Some(bytes) = draft.encode() else { return Ok(()) };
    let routes = home.routes();
    fs::create_dir_all(&routes)?;
    forget_oldest(&routes)?;
    let path = place(home, draft.directory.as_os_str().as_encoded_bytes());
    replace_file(&path, |file| file.write_all(&bytes))
}

fn forget_oldest(routes: &Path) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(routes)?.flatten().map(|entry| entry.path()).collect();
    if files.len() >= KEPT {
        files.sort_by_cached_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
        files.iter().take(KEPT / 2).try_for_each(fs::remove_file)?;
    }
    Ok(())
}

fn place(home: &Home, directory: &[u8]) -> PathBuf {
    let name = file_name(directory);
    home.routes().join(str::from_utf8(&name).unwrap_or_default())
}
