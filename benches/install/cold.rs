//! A cold start: each method on a file system with nothing on it.

use std::io;

use super::Options;
use super::measure::Sample;
use super::methods::{self, Method, Pipe};
use super::parts::{self, KEEP, OURS, PARTS, RESERVED};
use super::place::{Place, cores};
use super::table::{Series, budget};

const VX: &str = "`vx sync`";
const MISE: &str = "`mise install`";
const WHEELS: &str = "`vx sync`, the six wheels only";
const UV: &str = "`uv pip install`, the six wheels";

/// Measure all methods and all parts, in turns.
pub(crate) fn run(place: &Place, options: &Options) -> io::Result<()> {
    let mut methods = methods(place, options)?;
    methods.retain(|method| options.wants(&method.name));
    let parts: Vec<&str> = PARTS.into_iter().chain([KEEP, OURS, RESERVED]).filter(|_| options.wants("parts")).collect();
    let mut series = Series::new(methods.iter().map(|method| method.name.clone()).collect());
    let mut of_parts = Series::new(parts.iter().map(|part| (*part).to_owned()).collect());
    for turn in 0..options.samples {
        series.turn(turn, |method| {
            let disk = place.disk()?;
            let sample = methods[method].task.measure()?;
            drop(disk);
            Ok(sample)
        })?;
        of_parts.turn(turn, |part| {
            let _disk = place.disk()?;
            parts::measure(place, parts[part])
        })?;
    }
    println!("### Cold, medians of {}\n", options.samples);
    series.print("s");
    print_parts(&of_parts);
    judge(&series, &of_parts);
    Ok(())
}

fn methods(place: &Place, options: &Options) -> io::Result<Vec<Method>> {
    let built = methods::built();
    let tools = &place.archives.tools;
    let wheels: Vec<_> = tools.iter().filter(|archive| archive.wheel.is_some()).cloned().collect();
    let method = |name: &str, task| Method { name: name.to_owned(), task };
    let mut methods = vec![method(VX, methods::vx(place, "vx", &built, tools, &[])?)];
    for jobs in &options.jobs {
        let project = format!("vx-jobs-{jobs}");
        let task = methods::vx(place, &project, &built, tools, &["--jobs", jobs])?;
        methods.push(method(&format!("`vx sync --jobs {jobs}`"), task));
    }
    if let Some(other) = &options.beside {
        methods.push(method("`vx sync` of the other build", methods::vx(place, "vx-other", other, tools, &[])?));
        methods.push(method(
            "`vx sync` of the other build, wheels",
            methods::vx(place, "vx-other-w", other, &wheels, &[])?,
        ));
    }
    methods.push(method(MISE, methods::mise(place, "mise", tools)?));
    methods.push(method("`curl`, `tar` and `bsdtar`, nothing compared", methods::curl(place, "curl-tar", Pipe::Tar)?));
    methods.push(method("`curl` and `bsdtar`, nothing compared", methods::curl(place, "curl-bsdtar", Pipe::BsdTar)?));
    methods.push(method("`curl`, `sha256sum`, `tar` and `bsdtar`", methods::curl(place, "curl-sum", Pipe::Compared)?));
    methods.push(method(WHEELS, methods::vx(place, "vx-wheels", &built, &wheels, &[])?));
    methods.push(method(UV, methods::uv(place, "uv")?));
    Ok(methods)
}

fn print_parts(parts: &Series) {
    let values = |of: fn(&Sample) -> f64| -> Vec<(&str, f64)> {
        PARTS.into_iter().filter_map(|part| Some((part, of(&parts.sample_named(part)?)))).collect()
    };
    let list = |values: &[(&str, f64)]| {
        let figures: Vec<String> = values.iter().map(|(part, figure)| format!("{part} {figure:.2}")).collect();
        figures.join(", ")
    };
    let (spent, passed) = (values(|sample| sample.processor_s), values(|sample| sample.wall_s));
    if spent.is_empty() {
        return;
    }
    let sum = |values: &[(&str, f64)]| values.iter().map(|(_, figure)| figure).sum::<f64>();
    println!(
        "The parts, each alone on all cores, processor s: {}; together {:.2}, over {} cores {:.2}",
        list(&spent),
        sum(&spent),
        cores(),
        sum(&spent) / cores() as f64
    );
    println!("By the clock, s: {}; together {:.2}", list(&passed), sum(&passed));
    if let (Some(keep), Some(ours), Some(reserved)) =
        (parts.sample_named(KEEP), parts.sample_named(OURS), parts.sample_named(RESERVED))
    {
        println!(
            "Besides, vx keeps the archives in its cache: writing them, alone, takes {:.2} s. With our own decoder for the \
             tarballs, inflating takes {:.2}, and writing with room set aside {:.2}\n",
            keep.processor_s, ours.processor_s, reserved.processor_s
        );
    }
}

fn judge(series: &Series, parts: &Series) {
    let wall = |name: &str| series.sample_named(name).map(|sample| sample.wall_s);
    let sum: Option<f64> = PARTS.into_iter().map(|part| Some(parts.sample_named(part)?.processor_s)).sum();
    if let (Some(vx), Some(mise)) = (wall(VX), wall(MISE)) {
        budget("times as fast as mise", mise / vx, 1.9, true, "");
    }
    if let (Some(vx), Some(sum)) = (wall(VX), sum) {
        budget("times the sum of the parts over the cores", vx / (sum / cores() as f64), 1.10, false, "");
    }
    if let (Some(vx), Some(uv)) = (wall(WHEELS), wall(UV)) {
        budget("times as fast as uv on the wheels", uv / vx, 1.5, true, "");
    }
    if let Some(vx) = series.sample_named(VX) {
        budget("the largest process of vx", vx.peak_mb, 32.0, false, " MB");
    }
    println!();
}
