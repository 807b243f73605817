//! One launch: from the name of the shim to the tool that replaces this process.

use core::ffi::CStr;

use crate::format::{self, RouteFile};
use crate::system::{self, Arena, FreestandingProgram, ProcessStartup};

/// The folder of route files, below the home.
const ROUTES: &[u8] = b"/cache/routes/";
/// The link to `vx` beside the shims, below the home.
const FALLBACK: &[u8] = b"/shims/.vx\0";
/// The longest path that is looked up; longer paths are left to `vx`.
const PATH_BYTES: usize = 4096;

/// If the launcher is started by this name, its first argument is the tool's name.
const VX: &[u8] = b"vx";

/// Exit code when nothing can be run at all.
const FAILED: i32 = 1;

/// The program that shims are links to.
pub struct Launcher;

impl FreestandingProgram for Launcher {
    fn run(start: &ProcessStartup) -> ! {
        let name = start.argument(0).map(|name| name.to_bytes()).map(base_name).unwrap_or_default();
        // Reading the path by which this program was started costs no system call. It may be the path of a link outside
        // of the shims; then no routes are found there, and the kernel is asked for the file's path.
        let called = start.path().and_then(home_of);
        if let Some(home) = called {
            let _ = run_named(start, home, name);
        }
        let mut own = [0; PATH_BYTES];
        if let Some(home) = system::own_path(&mut own).and_then(home_of) {
            if called != Some(home) {
                let _ = run_named(start, home, name);
            }
            let _ = run_vx(start, home, name);
        }
        system::complain(
            b"vx: this launcher cannot find its vx; run `vx shims` with the vx that is installed now, by its path\n",
        );
        system::exit(FAILED)
    }
}

impl Launcher {
    /// End the process after a panic: a defect of the launcher itself.
    pub fn panicked() -> ! {
        system::complain(b"vx: the launcher has a defect; run the tool with `vx x TOOL`, which works without it\n");
        system::exit(FAILED)
    }
}

/// Replace this process with the tool of this name, or if the name is `vx`, of the first argument. Returns only if that
/// fails.
fn run_named(start: &ProcessStartup, home: &[u8], name: &[u8]) -> Option<()> {
    match name {
        VX => start.argument(1).and_then(|tool| run_tool(start, home, tool.to_bytes(), 1)),
        name => run_tool(start, home, name, 0),
    }
}

/// Replace this process with the tool, if the route file contains it and still holds. The tool's arguments follow the
/// argument at `at`.
fn run_tool(start: &ProcessStartup, home: &[u8], name: &[u8], at: usize) -> Option<()> {
    let mut directory = [0; PATH_BYTES];
    let directory = system::working_directory(&mut directory)?;
    let mut path = [0; PATH_BYTES];
    let path = joined(&mut path, &[home, ROUTES, &format::file_name(directory), b"\0"])?;
    let cache = RouteFile::checked(system::read(path)?)?;
    if cache.directory()? != directory {
        return None;
    }
    let program = cache.program(name)?;
    let value = |name: &[u8]| match name == format::SESSION.as_bytes() {
        true => system::session().map(|session| format::hash(&format::session_text(session))),
        false => start.variable(name).map(format::hash),
    };
    if !cache.holds(system::stamp, value) {
        return None;
    }
    let file = CStr::from_bytes_with_nul(program.file).ok()?;
    let mut arena = Arena::for_environment(start, cache.exports().count(), program.search.len())?;
    let path = arena.search_path(program.search, start.variable(b"PATH"))?;
    arena.export(path);
    cache.exports().for_each(|export| arena.export(export));
    arena.inherit(start);
    let variables = arena.finish();
    start.with_arguments_from(at, file, |arguments| system::replace(file, arguments, variables));
    None
}

/// Replace this process with `vx` and the same arguments; for a tool, with `vx x --shim NAME -- ARGUMENTS`.
fn run_vx(start: &ProcessStartup, home: &[u8], name: &[u8]) -> Option<()> {
    let mut path = [0; PATH_BYTES];
    let vx = CStr::from_bytes_with_nul(joined(&mut path, &[home, FALLBACK])?).ok()?;
    if name == VX {
        system::replace(vx, start.arguments(), start.environment());
        return None;
    }
    let mut copy = [0; PATH_BYTES];
    let name = joined(&mut copy, &[name, b"\0"])?;
    let mut arena = Arena::for_arguments(start)?;
    for word in [&b"vx\0"[..], b"x\0", b"--shim\0", name, b"--\0"] {
        arena.export(word);
    }
    arena.arguments_after_own(start);
    system::replace(vx, arena.finish(), start.environment());
    None
}

/// The home, from the launcher's own path `<home>/shims/<launcher>`.
fn home_of(own: &[u8]) -> Option<&[u8]> {
    let shims = &own[..own.iter().rposition(|byte| *byte == b'/')?];
    Some(&shims[..shims.iter().rposition(|byte| *byte == b'/')?])
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

fn joined<'a>(into: &'a mut [u8; PATH_BYTES], parts: &[&[u8]]) -> Option<&'a [u8]> {
    let mut length = 0;
    for part in parts {
        into.get_mut(length..length + part.len())?.copy_from_slice(part);
        length += part.len();
    }
    Some(&into[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_is_two_folders_above_the_launcher() {
        assert_eq!(home_of(b"/home/user/.vx/shims/.launcher"), Some(&b"/home/user/.vx"[..]));
        assert_eq!(home_of(b"/shims/.launcher"), Some(&b""[..]));
        assert_eq!(home_of(b"/.launcher"), None);
        assert_eq!(home_of(b".launcher"), None);
        assert_eq!(home_of(b""), None);
    }

    #[test]
    fn a_name_is_all_behind_the_last_slash() {
        for (path, name) in [("/h/shims/node", "node"), ("node", "node"), ("./node", "node"), ("/h/", ""), ("", "")] {
            assert_eq!(base_name(path.as_bytes()), name.as_bytes(), "{path}");
        }
    }

    #[test]
    fn a_path_is_joined_up_to_the_last_byte_of_room_and_no_further() {
        let mut room = [0; PATH_BYTES];
        assert_eq!(joined(&mut room, &[b"/home", ROUTES, b"name", b"\0"]), Some(&b"/home/cache/routes/name\0"[..]));
        let long = [b'x'; PATH_BYTES - 1];
        assert_eq!(joined(&mut room, &[&long, b"\0"]).map(<[u8]>::len), Some(PATH_BYTES));
        assert_eq!(joined(&mut room, &[&long, b"x", b"\0"]), None);
        assert_eq!(joined(&mut room, &[]), Some(&b""[..]));
    }
}
