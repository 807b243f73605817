//! Samples of several ways, taken in turn, and what is printed of them.

use std::io;

use super::measure::{self, Sample};

/// The samples of each way, by the order of the ways.
pub(crate) struct Series {
    names: Vec<String>,
    samples: Vec<Vec<Sample>>,
}

impl Series {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let samples = names.iter().map(|_| Vec::new()).collect();
        Self { names, samples }
    }

    /// Take a sample of each; each turn begins with another way, so that none always follows the same one.
    pub(crate) fn turn(&mut self, turn: usize, mut sample: impl FnMut(usize) -> io::Result<Sample>) -> io::Result<()> {
        let count = self.names.len();
        for way in 0..count {
            let way = (way + turn) % count;
            measure::interrupted()?;
            let sample = sample(way).map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                _ => io::Error::other(format!("{}: {error}", self.names[way])),
            })?;
            eprintln!("{} {}: {:.3} s", turn + 1, self.names[way], sample.wall_s);
            self.samples[way].push(sample);
        }
        Ok(())
    }

    /// Add one sample by the name of its way.
    pub(crate) fn add(&mut self, name: &str, sample: Sample) {
        eprintln!("{name}: {:.4} s", sample.wall_s);
        let way = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.samples.push(Vec::new());
            self.names.len() - 1
        });
        self.samples[way].push(sample);
    }

    /// The median of each figure of one way.
    pub(crate) fn of(&self, name: &str) -> Option<Sample> {
        let way = self.names.iter().position(|known| known == name)?;
        let samples = &self.samples[way];
        let figure = |of: fn(&Sample) -> f64| median(samples.iter().map(of).collect());
        (!samples.is_empty()).then(|| Sample {
            wall_s: figure(|sample| sample.wall_s),
            processor_s: figure(|sample| sample.processor_s),
            peak_mb: figure(|sample| sample.peak_mb),
        })
    }

    /// The ways in a Markdown table, beside the first one.
    pub(crate) fn print(&self, unit: &str) {
        let scale = if unit == "ms" { 1e3 } else { 1.0 };
        println!("| way | wall {unit} | least | beside vx | processor {unit} | largest process MB |");
        println!("|---|---|---|---|---|---|");
        let first = self.names.first().and_then(|name| self.of(name)).unwrap_or_default();
        for (name, samples) in self.names.iter().zip(&self.samples) {
            let Some(middle) = self.of(name) else { continue };
            let least = samples.iter().map(|sample| sample.wall_s).fold(f64::INFINITY, f64::min);
            println!(
                "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} |",
                middle.wall_s * scale,
                least * scale,
                middle.wall_s / first.wall_s,
                middle.processor_s * scale,
                middle.peak_mb
            );
        }
        println!();
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One budget: what it is about, the figure, and whether it holds.
pub(crate) fn budget(what: &str, figure: f64, limit: f64, at_least: bool, unit: &str) {
    let kept = if at_least { figure >= limit } else { figure <= limit };
    let (relation, verdict) = (if at_least { "at least" } else { "at most" }, if kept { "kept" } else { "MISSED" });
    println!("- {what}: {figure:.2}{unit}, {relation} {limit}{unit}: {verdict}");
}
