//! Samples of several methods, taken in turn, and their table.

use std::io;

use super::measure::{self, Sample};

/// The samples of each method, by the order of the methods.
pub(crate) struct Series {
    names: Vec<String>,
    samples: Vec<Vec<Sample>>,
}

impl Series {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let samples = names.iter().map(|_| Vec::new()).collect();
        Self { names, samples }
    }

    /// Take a sample of each method. Each turn begins with another method, so that no method always follows the same
    /// one.
    pub(crate) fn turn(&mut self, turn: usize, mut sample: impl FnMut(usize) -> io::Result<Sample>) -> io::Result<()> {
        let count = self.names.len();
        for method in 0..count {
            let method = (method + turn) % count;
            measure::interrupted()?;
            let sample = sample(method).map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                _ => io::Error::other(format!("{}: {error}", self.names[method])),
            })?;
            eprintln!("{} {}: {:.3} s", turn + 1, self.names[method], sample.wall_s);
            self.samples[method].push(sample);
        }
        Ok(())
    }

    /// Add one sample by the name of its method.
    pub(crate) fn add(&mut self, name: &str, sample: Sample) {
        eprintln!("{name}: {:.4} s", sample.wall_s);
        let method = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.samples.push(Vec::new());
            self.names.len() - 1
        });
        self.samples[method].push(sample);
    }

    /// The median of each figure of one method.
    pub(crate) fn sample_named(&self, name: &str) -> Option<Sample> {
        let method = self.names.iter().position(|known| known == name)?;
        let samples = &self.samples[method];
        let figure = |of: fn(&Sample) -> f64| median(samples.iter().map(of).collect());
        (!samples.is_empty()).then(|| Sample {
            wall_s: figure(|sample| sample.wall_s),
            processor_s: figure(|sample| sample.processor_s),
            peak_mb: figure(|sample| sample.peak_mb),
        })
    }

    /// Print the methods as a Markdown table, each compared with the first one.
    pub(crate) fn print(&self, unit: &str) {
        let scale = if unit == "ms" { 1e3 } else { 1.0 };
        println!("| way | wall {unit} | least | beside vx | processor {unit} | largest process MB |");
        println!("|---|---|---|---|---|---|");
        let first = self.names.first().and_then(|name| self.sample_named(name)).unwrap_or_default();
        for (name, samples) in self.names.iter().zip(&self.samples) {
            let Some(middle) = self.sample_named(name) else { continue };
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

/// One budget: its subject, the figure, and the verdict.
pub(crate) fn budget(what: &str, figure: f64, limit: f64, at_least: bool, unit: &str) {
    let kept = if at_least { figure >= limit } else { figure <= limit };
    let (relation, verdict) = (if at_least { "at least" } else { "at most" }, if kept { "kept" } else { "MISSED" });
    println!("- {what}: {figure:.2}{unit}, {relation} {limit}{unit}: {verdict}");
}
