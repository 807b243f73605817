//! The parts of an install, each alone: what every installer has to do at least, with the libraries that vx uses.
//!
//! Each part runs in a process of its own, on one core, from memory that was filled before its clock starts: receiving,
//! digesting, inflating (with the checksums that the formats want compared), and creating and writing the files.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use nix::sys::resource::{UsageWho, getrusage};
use vx::digest::Algorithm;
use zip::ZipArchive;

use super::archives::Archive;
use super::measure::{Sample, Task, processor_s};
use super::place::Place;

/// As first argument: do one part, and print its processor's seconds.
pub(crate) const PART: &str = "--part";

/// The parts by name.
pub(crate) const PARTS: [&str; 4] = ["network", "digest", "inflate", "write"];

/// What not every installer does: keeping the archives, for the next time and for going on after an interruption.
pub(crate) const KEEP: &str = "keep";

const CHUNK_BYTES: usize = 256 * 1024;

/// The command that does one part.
pub(crate) fn task(place: &Place, part: &str) -> io::Result<Task> {
    let directory = place.directory(&format!("part-{part}"))?;
    let target = place.mount().join("parts");
    let program = std::env::current_exe()?;
    let mut task = Task::new(&directory, &[&program, &PART, &part, &target]);
    for Archive { file, .. } in &place.archives.tools {
        match part {
            "network" => task.arguments.push(place.server.url(file).into()),
            _ => task.arguments.push(place.archives.directory.join(file).into()),
        }
    }
    Ok(task)
}

/// What a part took; its own clock counts and not that of its process, which also had to read the archives.
pub(crate) fn measure(task: &Task) -> io::Result<Sample> {
    task.measure()?;
    let told = fs::read_to_string(task.directory.join("output"))?;
    let processor_s = told.trim().parse().map_err(|_| io::Error::other(format!("a part said `{told}`")))?;
    Ok(Sample { wall_s: processor_s, processor_s, peak_mb: 0.0 })
}

/// Do a part.
pub(crate) fn run_and_tell(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let (part, target) = (arguments.next().unwrap_or_default(), PathBuf::from(arguments.next().unwrap_or_default()));
    let archives: Vec<String> = arguments.collect();
    let spent = match part.as_str() {
        "network" => timed(|| archives.iter().try_for_each(|url| receive(url)))?,
        "digest" => {
            let all = archives.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
            timed(|| {
                all.iter().for_each(|bytes| digest(bytes));
                Ok(())
            })?
        }
        "inflate" => {
            let all = archives.iter().map(|path| Ok((path, fs::read(path)?))).collect::<io::Result<Vec<_>>>()?;
            timed(|| all.iter().try_for_each(|(path, bytes)| inflate(path, bytes)))?
        }
        "write" => {
            let trees = archives.iter().map(|path| Tree::of(Path::new(path))).collect::<io::Result<Vec<_>>>()?;
            timed(|| trees.iter().enumerate().try_for_each(|(at, tree)| tree.write(&target.join(at.to_string()))))?
        }
        KEEP => {
            let all = archives.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
            fs::create_dir_all(&target)?;
            timed(|| all.iter().enumerate().try_for_each(|(at, bytes)| keep(&target.join(at.to_string()), bytes)))?
        }
        _ => return Err(io::Error::other(format!("`{part}` is no part"))),
    };
    println!("{spent}");
    Ok(())
}

fn timed(work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let spent = || getrusage(UsageWho::RUSAGE_SELF).map(|usage| processor_s(&usage));
    let before = spent()?;
    work()?;
    Ok(spent()? - before)
}

fn receive(url: &str) -> io::Result<()> {
    let mut body = ureq::get(url).call().map_err(io::Error::other)?.into_body();
    let mut body = body.as_reader();
    let mut chunk = vec![0; CHUNK_BYTES];
    while body.read(&mut chunk)? > 0 {}
    Ok(())
}

fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    bytes.chunks(CHUNK_BYTES).try_for_each(|chunk| file.write_all(chunk))
}

fn digest(bytes: &[u8]) {
    let mut hasher = Algorithm::Sha256.hasher();
    bytes.chunks(CHUNK_BYTES).for_each(|chunk| hasher.update(chunk));
    std::hint::black_box(hasher.finish());
}

fn inflate(path: &str, bytes: &[u8]) -> io::Result<()> {
    if path.ends_with(".zip") { inflate_zip(bytes) } else { inflate_gzip(bytes) }
}

fn inflate_gzip(bytes: &[u8]) -> io::Result<()> {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut chunk = vec![0; CHUNK_BYTES];
    while decoder.read(&mut chunk)? > 0 {}
    Ok(())
}

fn inflate_zip(bytes: &[u8]) -> io::Result<()> {
    let mut archive = ZipArchive::new(io::Cursor::new(bytes))?;
    let mut whole = libdeflater::Decompressor::new();
    let mut content = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index)?;
        let start = entry.data_start().ok_or_else(|| io::Error::other("an entry without a place"))? as usize;
        let packed = &bytes[start..start + entry.compressed_size() as usize];
        let unpacked = entry.size() as usize;
        content.resize(unpacked.max(content.len()), 0);
        let content = match entry.compression() {
            zip::CompressionMethod::Stored => packed,
            _ => {
                let count = whole.deflate_decompress(packed, &mut content[..unpacked]).map_err(io::Error::other)?;
                &content[..count]
            }
        };
        let mut sum = libdeflater::Crc::new();
        sum.update(content);
        if sum.sum() != entry.crc32() {
            return Err(io::Error::other("an entry has another checksum"));
        }
    }
    Ok(())
}

/// The files of an archive, without their contents.
struct Tree {
    files: Vec<(PathBuf, u32, u64)>,
    links: Vec<(PathBuf, PathBuf)>,
}

impl Tree {
    fn of(archive: &Path) -> io::Result<Self> {
        let mut tree = Self { files: Vec::new(), links: Vec::new() };
        let file = File::open(archive)?;
        if archive.extension().is_some_and(|ending| ending == "zip") {
            let mut archive = ZipArchive::new(file)?;
            for index in 0..archive.len() {
                let entry = archive.by_index_raw(index)?;
                if entry.is_file() {
                    let path = entry.name()?.into_owned().into();
                    tree.files.push((path, entry.unix_mode().unwrap_or(0o644) & 0o777, entry.size()));
                }
            }
            return Ok(tree);
        }
        for entry in tar::Archive::new(MultiGzDecoder::new(file)).entries()? {
            let entry = entry?;
            let path: PathBuf = entry.path()?.components().skip(1).collect();
            match entry.header().entry_type() {
                tar::EntryType::Regular => tree.files.push((path, entry.header().mode()? & 0o777, entry.size())),
                tar::EntryType::Symlink => {
                    tree.links.push((path, entry.link_name()?.unwrap_or_default().into_owned()));
                }
                _ => {}
            }
        }
        Ok(tree)
    }

    fn write(&self, target: &Path) -> io::Result<()> {
        let content = vec![b'x'; CHUNK_BYTES];
        let mut made = HashSet::new();
        let mut folder_of = |path: &Path| match path.parent() {
            Some(folder) if made.insert(folder.to_owned()) => fs::create_dir_all(target.join(folder)),
            _ => Ok(()),
        };
        for (path, mode, size) in &self.files {
            folder_of(path)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(target.join(path))?;
            let mut left = *size as usize;
            while left > 0 {
                let count = file.write(&content[..left.min(CHUNK_BYTES)])?;
                left -= count;
            }
        }
        for (path, to) in &self.links {
            folder_of(path)?;
            std::os::unix::fs::symlink(to, target.join(path))?;
        }
        Ok(())
    }
}
