//! Damage to vx's own small files on the disk, while no process runs: a damaged file counts as missing, and everything
//! still works.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// The largest file that counts as small.
const SMALL_BYTES: u64 = 256 * 1024;
/// The size of a file that grew.
const GROWN_BYTES: usize = 200_000;

/// A kind of damage: the new content of a file, from the old one.
type Damage = (&'static str, fn(&[u8]) -> Vec<u8>);

const DAMAGES: [Damage; 6] = [
    ("zeros", |bytes| vec![0; bytes.len().max(8)]),
    ("noise", |bytes| noise(bytes.len().max(8))),
    ("nothing", |_| Vec::new()),
    ("a cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
    ("200 kB of noise", |_| noise(GROWN_BYTES)),
    ("200 kB of its own", |bytes| bytes.iter().chain(b"x").copied().cycle().take(GROWN_BYTES).collect()),
];

/// Pseudo-random bytes, the same in every run (SplitMix64).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).to_le_bytes()
    };
    std::iter::repeat_with(&mut word).flatten().take(length).collect()
}

/// A project with an installed tool, a tool whose archive was received in part, a script, and all files that vx keeps
/// about them.
fn prepared() -> (Sandbox, Offer) {
    let config = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n[scripts]\nhello = \"esbuild --version\"\n";
    let sandbox = Sandbox::new().config(config).offers("esbuild", "0.27.0");
    let offer = sandbox.publish("biome", "2.3.4", 50_000);
    let silent_after = |bytes| Reply::ok(offer.archive.clone()).silent_after(bytes);
    sandbox.registry().server().serve(&offer.path, Reply::sequence([silent_after(20_000), silent_after(0)]));
    sync(&sandbox).exits_with(1);
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sandbox.vx("shims").succeeds();
    // A route is cached only if none of its sources has changed just now.
    std::thread::sleep(std::time::Duration::from_millis(30));
    sandbox.vx("esbuild --version").succeeds().prints("0.27.0");
    (sandbox, offer)
}

/// The small files below a directory that vx itself wrote. Of a release, those are its receipt and its list.
fn small_files(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, data) = (entry.path(), entry.metadata().expect("it is there"));
        let of_release =
            path.iter().any(|part| part == "store") && !entry.file_name().to_string_lossy().starts_with('.');
        if data.is_dir() {
            small_files(&path, into);
        } else if data.is_file() && data.len() <= SMALL_BYTES && !of_release {
            into.push(path);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp starts").success());
}

/// Check that everything works, beginning with the damaged file.
fn works(sandbox: &Sandbox, about: &str) {
    let examined = sandbox.vx("doctor --offline");
    assert!(matches!(examined.code(), Some(0 | 1)) && !examined.stdout().is_empty(), "{about}: {examined:?}");
    let ran = sandbox.vx("run hello");
    assert!(ran.code() == Some(0) && ran.stdout().contains("0.27.0"), "{about}: {ran:?}");
    let synced = sync(sandbox);
    assert_eq!(synced.code(), Some(0), "{about}: {synced:?}");
    for tool in ["biome", "esbuild"] {
        let found = sandbox.vx(&format!("which {tool}"));
        assert_eq!(found.code(), Some(0), "{about}: {found:?}");
    }
    assert_eq!(
        (sandbox.program_says("biome"), sandbox.program_says("esbuild")),
        ("2.3.4".into(), "0.27.0".into()),
        "{about}"
    );
    let listed = sandbox.vx("list");
    assert_eq!(listed.code(), Some(0), "{about}: {listed:?}");
}

#[test]
fn a_small_file_that_holds_anything_else_counts_as_missing() {
    let (sandbox, _) = prepared();
    let places = [sandbox.home(), sandbox.runtime()];
    let kept = [sandbox.root().join("kept-home"), sandbox.root().join("kept-run")];
    places.iter().zip(&kept).for_each(|(place, kept)| copy(place, kept));
    let mut files = Vec::new();
    places.iter().for_each(|place| small_files(place, &mut files));
    let named = |end: &str| files.iter().any(|file| file.to_string_lossy().ends_with(end));
    let kinds = [".part.etag", "history.json", ".vx-receipt.toml", ".vx-files", ".launcher", ".vxr"];
    assert!(kinds.iter().all(|kind| named(kind)), "{files:#?}");
    let below = |place: &str| files.iter().any(|file| file.parent().is_some_and(|parent| parent.ends_with(place)));
    assert!(["projects", "cache/index", "cache/routes"].iter().all(|place| below(place)), "{files:#?}");
    for file in &files {
        for (damage, change) in DAMAGES {
            places.iter().zip(&kept).for_each(|(place, kept)| copy(kept, place));
            let damaged = change(&fs::read(file).expect("a file"));
            fs::write(file, damaged).expect("a file");
            works(&sandbox, &format!("{damage} in {}", file.display()));
        }
    }
}
