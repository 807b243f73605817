//! The launcher that shims are links to: finds what its own name comes to in this directory and becomes that program.
//! Called as `vx`, it does so with its first argument.
//!
//! A program of its own, without a standard library and without a C library, so that starting it costs next to nothing.
//! It reads one small file, looks whether what that depends on is unchanged, and replaces itself. Whatever is not as it
//! should be (no such file, a change, a name that it does not hold) is left to `vx`, found beside it as
//! `.vx`. `build.rs` makes it and `vx shims` writes it out.
#![no_std]
#![no_main]
#![forbid(unsafe_op_in_unsafe_fn)]

#[path = "../route/format.rs"]
mod format;
mod system;

use core::ffi::CStr;

use format::Cache;
use system::{Arena, Start};

/// Below the home: where caches lie, and what shims leave to `vx`.
const ROUTES: &[u8] = b"/cache/routes/";
const FALLBACK: &[u8] = b"/shims/.vx\0";
/// The longest path of a directory that is looked up; longer ones are left to `vx`.
const PATH_BYTES: usize = 4096;

/// The name that is no tool's.
const VX: &[u8] = b"vx";

/// Exit code when nothing can be run at all.
const FAILED: i32 = 1;

fn main(start: &Start) -> ! {
    let mut own = [0; PATH_BYTES];
    let home = system::own_path(&mut own).and_then(home_of);
    let name = start.argument(0).map(|name| name.to_bytes()).map(base_name).unwrap_or_default();
    if let Some(home) = home {
        // Each comes back only when there is no such way.
        let _ = match name {
            VX => start.argument(1).and_then(|tool| shortcut(start, home, tool.to_bytes(), 1)),
            name => shortcut(start, home, name, 0),
        };
        let _ = ask_vx(start, home, name);
    }
    system::complain(b"vx: this launcher has lost its vx; run `vx shims` with the vx that is installed now, by its path\n");
    system::exit(FAILED)
}

/// Become the program, if the cache knows it and what it knows still holds. Its arguments begin behind this one.
fn shortcut(start: &Start, home: &[u8], name: &[u8], at: usize) -> Option<()> {
    let mut directory = [0; PATH_BYTES];
    let directory = system::working_directory(&mut directory)?;
    let mut path = [0; PATH_BYTES];
    let path = joined(&mut path, &[home, ROUTES, &format::file_name(directory), b"\0"])?;
    let cache = Cache::checked(system::read(path)?)?;
    if cache.directory()? != directory {
        return None;
    }
    let program = cache.program(name)?;
    if !cache.holds(system::stamp, |variable| start.variable(variable).map(format::hash)) {
        return None;
    }
    let file = CStr::from_bytes_with_nul(program.file).ok()?;
    let mut arena = Arena::for_environment(start, cache.exports().count(), program.search.len())?;
    let path = arena.search_path(program.search, start.variable(b"PATH"))?;
    arena.export(path);
    cache.exports().for_each(|export| arena.export(export));
    arena.inherit(start);
    system::replace(file, start.arguments_from(at, file), arena.finish());
    None
}

/// `vx` with the same arguments; for a tool `vx x --shim NAME -- ARGUMENTS`.
fn ask_vx(start: &Start, home: &[u8], name: &[u8]) -> Option<()> {
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

/// The home of `<home>/shims/<launcher>`.
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

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    system::complain(b"vx: the launcher met a defect of its own; `vx x TOOL` works without it\n");
    system::exit(FAILED)
}
