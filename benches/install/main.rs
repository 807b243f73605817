//! The time that vx takes to install twelve real tools, compared with other ways to get them onto the disk.
//!
//! 445 MB of archives, 1,318 MB and 38,650 files unpacked, from a static server on the loopback interface, each sample
//! on a fresh file system, every method in turn. Budgets: `vx sync` at least 1.9 times as fast as `mise install` and at
//! most 1.10 times the sum of the parts over the cores; at least 1.5 times as fast as uv on the wheels; no process
//! above 32 MB; nothing to do in 5 ms.
//!
//! `cargo bench --bench install` needs Linux, root (for mounts), nginx, curl, bsdtar, npm and pip. Options follow `--`:
//!
//! | | |
//! |---|---|
//! | `--samples N` | samples of each, 5 by default |
//! | `--cold`, `--warm` | only these |
//! | `--only TEXT` | only methods whose names hold the text; may be given several times |
//! | `--beside FILE` | another build of vx, in turn with this one |
//! | `--jobs N` | another vx in turn, with this many installs at once |
//! | `--rate BYTES` | each connection gets this many bytes a second (`20m`) |

mod archives;
mod cold;
mod disk;
mod measure;
mod methods;
mod parts;
mod place;
mod programs;
mod server;
mod table;
mod warm;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use place::Place;

/// The options of this run.
#[derive(Debug, Default)]
struct Options {
    samples: usize,
    cold: bool,
    warm: bool,
    only: Vec<String>,
    beside: Option<PathBuf>,
    jobs: Vec<String>,
    rate: Option<String>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut options = Self { samples: 5, ..Self::default() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| io::Error::other(format!("`{argument}` needs a value")));
            match argument.as_str() {
                // Cargo passes it to every bench.
                "--bench" => {}
                "--samples" => options.samples = value()?.parse().map_err(io::Error::other)?,
                "--cold" => options.cold = true,
                "--warm" => options.warm = true,
                "--only" => options.only.push(value()?),
                "--beside" => options.beside = Some(PathBuf::from(value()?).canonicalize()?),
                "--jobs" => options.jobs.push(value()?),
                "--rate" => options.rate = Some(value()?),
                _ => return Err(io::Error::other(format!("this bench has no option `{argument}`"))),
            }
        }
        options.samples = options.samples.max(1);
        if !options.cold && !options.warm {
            (options.cold, options.warm) = (true, true);
        }
        Ok(options)
    }

    fn wants(&self, method: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| method.contains(text.as_str()))
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    // This program also starts itself as the parent of each measured command, and to measure a part. See `measure` and
    // `parts`.
    let result = match arguments.peek().map(String::as_str) {
        Some(measure::MEASURE) => measure::run_and_print(arguments.skip(1)),
        Some(parts::PART) => parts::run_and_print(arguments.skip(1)),
        // `cargo test` runs every bench; this one has nothing to test.
        Some("--test") => Ok(()),
        _ => Options::parse(arguments).and_then(|options| run(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<()> {
    programs::check_all()?;
    measure::listen_for_interrupts()?;
    let place = Place::prepare(options.rate.as_deref())?;
    println!("{}\n", place.conditions()?);
    if options.cold {
        cold::run(&place, options)?;
    }
    if options.warm {
        warm::run(&place, options)?;
    }
    Ok(())
}
