//! The parts of an install, each alone: the least that every installer has to do, with the fastest crates available.
//!
//! Each part runs in as many processes as there are cores, at the same time, each with its share of the archives in
//! memory, filled before the clock starts: receiving (including the server's cost, since it shares the cores),
//! digesting, inflating (including the formats' checksums), and creating and writing the files.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use nix::sys::resource::{UsageWho, getrusage};
use rustix::fs::{FallocateFlags, fallocate};
use ureq::Agent;
use vx_base::digest::Algorithm;
use vx_inflate::gunzip;
use zip::ZipArchive;

use super::archives::Archive;
use super::measure::{Sample, await_go, processor_s, together};
use super::place::{Place, cores};

/// With this as first argument the program does one part, and prints its seconds.
pub(crate) const PART: &str = "--part";

/// The parts by name.
pub(crate) const PARTS: [&str; 4] = [NETWORK, "digest", "inflate", "write"];
const NETWORK: &str = "network";

/// A part that not every installer does: keeping the archives, for the next install and for resuming after an
/// interruption.
pub(crate) const KEEP: &str = "keep";

/// Inflating with our own decoder, for the streams that vx uses it on.
pub(crate) const OURS: &str = "inflate-ours";

/// Writing with space preallocated for large files, as vx does.
pub(crate) const RESERVED: &str = "write-reserved";

const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes received at once: as many as in vx, since that is fastest.
const RECEIVED_BYTES: usize = 512 * 1024;

/// The processor time of a part, summed over its processes, and its average time by the clock. The processes measure
/// themselves, since they also have to read the archives, which does not count.
pub(crate) fn measure(place: &Place, part: &str) -> io::Result<Sample> {
    let program = std::env::current_exe()?;
    let commands = shares(&place.archives.tools).into_iter().enumerate().map(|(at, share)| {
        let mut command = Command::new(&program);
        command.args([PART, part]).arg(place.mount().join(format!("parts-{at}")));
        command.args(share.iter().map(|Archive { file, .. }| match part {
            NETWORK => place.server.url(file),
            _ => place.archives.directory.join(file).to_string_lossy().into_owned(),
        }));
        command
    });
    let served_before = place.server.processor_s()?;
    let figures = together(commands)?;
    let served = if part == NETWORK { place.server.processor_s()? - served_before } else { 0.0 };
    let processor_s = figures.iter().map(|[spent, _]| spent).sum::<f64>() + served;
    let wall_s = figures.iter().map(|[_, wall]| wall).sum::<f64>() / figures.len() as f64;
    Ok(Sample { wall_s, processor_s, peak_mb: 0.0 })
}

/// Distribute the archives, the largest first, each to the process with the least so far.
fn shares(archives: &[Archive]) -> Vec<Vec<&Archive>> {
    let mut shares = vec![(0, Vec::new()); cores()];
    for archive in archives {
        let least = shares.iter_mut().min_by_key(|(bytes, _)| *bytes).expect("there is a core");
        least.0 += archive.size_bytes;
        least.1.push(archive);
    }
    shares.into_iter().map(|(_, share)| share).collect()
}

/// Do a part.
pub(crate) fn run_and_print(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let (part, target) = (arguments.next().unwrap_or_default(), PathBuf::from(arguments.next().unwrap_or_default()));
    let archives: Vec<String> = arguments.collect();
    let spent = match part.as_str() {
        NETWORK => timed(|| archives.iter().try_for_each(|url| receive(url)))?,
        "digest" => {
            let all = archives.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
            timed(|| {
                all.iter().for_each(|bytes| digest(bytes));
                Ok(())
            })?
        }
        "inflate" | OURS => {
            let all = archives.iter().map(|path| Ok((path, fs::read(path)?))).collect::<io::Result<Vec<_>>>()?;
            let gzip = if part == OURS { inflate_gzip_ourselves } else { inflate_gzip };
            timed(|| {
                all.iter()
                    .try_for_each(|(path, bytes)| if path.ends_with(".zip") { inflate_zip(bytes) } else { gzip(bytes) })
            })?
        }
        "write" | RESERVED => {
            let trees = archives.iter().map(|path| Tree::of(Path::new(path))).collect::<io::Result<Vec<_>>>()?;
            let reserve = part == RESERVED;
            timed(|| {
                trees.iter().enumerate().try_for_each(|(at, tree)| tree.write(&target.join(at.to_string()), reserve))
            })?
        }
        KEEP => {
            let all = archives.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
            fs::create_dir_all(&target)?;
            timed(|| all.iter().enumerate().try_for_each(|(at, bytes)| keep(&target.join(at.to_string()), bytes)))?
        }
        _ => return Err(io::Error::other(format!("there is no part `{part}`"))),
    };
    println!("{} {}", spent[0], spent[1]);
    Ok(())
}

/// The seconds of this work by the processor and by the clock, begun once all processes are ready.
fn timed(work: impl FnOnce() -> io::Result<()>) -> io::Result<[f64; 2]> {
    await_go()?;
    let spent = || getrusage(UsageWho::RUSAGE_SELF).map(|usage| processor_s(&usage));
    let (before, start) = (spent()?, Instant::now());
    work()?;
    Ok([spent()? - before, start.elapsed().as_secs_f64()])
}

fn receive(url: &str) -> io::Result<()> {
    let agent: Agent = Agent::config_builder().input_buffer_size(RECEIVED_BYTES).build().into();
    let mut body = agent.get(url).call().map_err(io::Error::other)?.into_body();
    let mut body = body.as_reader();
    let mut chunk = vec![0; RECEIVED_BYTES];
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

fn inflate_gzip(bytes: &[u8]) -> io::Result<()> {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut chunk = vec![0; CHUNK_BYTES];
    while decoder.read(&mut chunk)? > 0 {}
    Ok(())
}

fn inflate_gzip_ourselves(bytes: &[u8]) -> io::Result<()> {
    let mut content = gunzip(bytes);
    loop {
        match content.fill_buf()?.len() {
            0 => return Ok(()),
            count => content.consume(count),
        }
    }
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

    fn write(&self, target: &Path, reserve: bool) -> io::Result<()> {
        let content = vec![b'x'; CHUNK_BYTES];
        let mut made = HashSet::new();
        let mut folder_of = |path: &Path| match path.parent() {
            Some(folder) if made.insert(folder.to_owned()) => fs::create_dir_all(target.join(folder)),
            _ => Ok(()),
        };
        for (path, mode, size) in &self.files {
            folder_of(path)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(target.join(path))?;
            if reserve && *size as usize >= CHUNK_BYTES {
                fallocate(&file, FallocateFlags::KEEP_SIZE, 0, *size)?;
            }
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
