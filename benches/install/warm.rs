//! Warm starts: with nothing to do, with one tool changed, in another project, with a forced install, and with only the
//! archives in the cache.

use std::fs;
use std::io;

use super::Options;
use super::measure::{Sample, Task};
use super::methods;
use super::place::Place;
use super::table::{Series, budget};

const NOTHING: &str = "`vx sync`, nothing to do";

/// Samples in each turn of a command that takes milliseconds.
const QUICK: usize = 5;

/// Measure the work left for a warm start, in turns.
pub(crate) fn run(place: &Place, options: &Options) -> io::Result<()> {
    let (built, tools) = (methods::built(), &place.archives.tools);
    let changed: Vec<_> = tools
        .iter()
        .map(|archive| if archive.tool == place.archives.other.tool { &place.archives.other } else { archive }.clone())
        .collect();
    let vx = methods::vx(place, "vx", &built, tools, &[])?;
    let second = methods::vx(place, "vx-second", &built, tools, &[])?;
    let force = methods::vx(place, "vx-force", &built, tools, &["--force"])?;
    let vx_changed = methods::vx(place, "vx-changed", &built, &changed, &[])?;
    let mise = methods::mise(place, "mise", tools)?;
    let mise_changed = methods::mise(place, "mise-changed", &changed)?;
    let mise_second = methods::mise(place, "mise-second", tools)?;
    let mut series = Series::new(vec![NOTHING.to_owned()]);
    for _ in 0..options.samples {
        {
            let disk = place.disk()?;
            vx.measure()?;
            mise.measure()?;
            disk.settle()?;
            for _ in 0..QUICK {
                series.add(NOTHING, vx.measure()?);
                series.add("`mise install`, nothing to do", mise.measure()?);
            }
            series.add("`vx sync`, another project with the same tools", second.measure()?);
            series.add("`mise install`, another project with the same tools", mise_second.measure()?);
            series.add("`vx sync`, one tool changed", vx_changed.measure()?);
            series.add("`mise install`, one tool changed", mise_changed.measure()?);
            series.add("`vx sync --force`", force.measure()?);
        }
        series.add("`vx sync`, all archives in the cache", cached(place, &vx)?);
    }
    println!("### Warm, medians of {} and more\n", options.samples);
    series.print("ms");
    if let Some(nothing) = series.sample_named(NOTHING) {
        budget("nothing to do", nothing.wall_s * 1e3, 5.0, false, " ms");
    }
    println!();
    Ok(())
}

/// A home that holds the archives and nothing else.
fn cached(place: &Place, vx: &Task) -> io::Result<Sample> {
    let disk = place.disk()?;
    let downloads = disk.path().join("vx/cache/downloads");
    fs::create_dir_all(&downloads)?;
    for archive in &place.archives.tools {
        fs::copy(place.archives.directory.join(&archive.file), downloads.join(archive.digest.file_name()))?;
    }
    disk.settle()?;
    vx.measure()
}
