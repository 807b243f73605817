//! Lines from anywhere, each harmless and cut to 60 columns:
//! `printf 'a\033[2Jb\n' | cargo run -p vx-text --example harmless`

use std::io::{self, BufRead, Write};

use vx_text::{clean, fitted, units};

fn main() -> io::Result<()> {
    let (mut lines, mut bytes) = (0_u64, 0_u64);
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        lines += 1;
        bytes += line.len() as u64 + 1;
        writeln!(out, "{}", fitted(&clean(&String::from_utf8_lossy(&line)), 60, "…"))?;
    }
    writeln!(out, "{lines} lines, {}", units::bytes(bytes))
}
