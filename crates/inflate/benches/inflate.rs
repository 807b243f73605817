//! The speed of our decoder of deflated streams, compared with the decoder that it replaced and with one that needs the
//! whole input and output in memory.
//!
//! The streams hold a program (this one) and a text of the same length (its sources, repeated), as archives of tools
//! do. `cargo bench --bench inflate` takes a minute. No budget is checked: `docs/decisions/install/own-decoder.md`
//! names the decoder used in each place.

use std::io::{self, Read, Write};
use std::path::Path;

use criterion::{Criterion, Throughput};
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use libdeflater::Decompressor;
use vx_inflate::{Inflated, Inflater};

/// Number of bytes read at once.
const BUFFER_BYTES: usize = 256 * 1024;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let program = std::env::current_exe().and_then(std::fs::read).expect("this program");
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("its sources");
    let text: Vec<u8> = sources.iter().copied().cycle().take(program.len()).collect();
    for (name, content) in [("a program", program), ("a text", text)] {
        compare(&mut criterion, name, &content);
    }
    criterion.final_summary();
}

fn compare(criterion: &mut Criterion, name: &str, content: &[u8]) {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory");
    let stream = encoder.finish().expect("memory");
    let mut group = criterion.benchmark_group(format!("inflating {name}"));
    group.throughput(Throughput::Bytes(content.len() as u64)).sample_size(20);
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut inflater = Inflater::new();
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let reader = Inflated::new(&mut inflater, stream.as_slice());
            assert_eq!(drain(reader, &mut buffer), content.len());
        });
    });
    group.bench_function("zlib-rs, also as a stream", |bencher| {
        bencher.iter(|| assert_eq!(drain(DeflateDecoder::new(stream.as_slice()), &mut buffer), content.len()));
    });
    let mut whole = vec![0; content.len()];
    group.bench_function("libdeflate, at one go", |bencher| {
        bencher.iter(|| {
            let count = Decompressor::new().deflate_decompress(&stream, &mut whole);
            assert_eq!(count, Ok(content.len()));
        });
    });
    group.finish();
}

fn drain(mut reader: impl Read, buffer: &mut [u8]) -> usize {
    let mut total = 0;
    loop {
        match reader.read(buffer).expect("a stream") {
            0 => return total,
            count => total += count,
        }
    }
}

/// All files below a directory, one after the other.
fn sources(directory: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut entries = std::fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        all.extend(if path.is_dir() { sources(&path)? } else { std::fs::read(path)? });
    }
    Ok(all)
}
