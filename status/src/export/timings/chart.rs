//! The timeline: a row of bars for each tool, and below them the rate of bytes over the same time.

use std::collections::HashSet;
use std::fmt::Write;

use vx_text::units::{bytes, fine_duration, rate};

use crate::vocabulary::Phase;

use super::super::critical::Link;
use super::super::timeline::{PhaseSpan, RunTimeline, ToolTimeline};
use super::text::escaped;

/// The run is divided into this many parts; the rate of bytes is averaged over each.
const BUCKETS: usize = 150;
/// A bar shorter than this part of the run, in percent, has no room for its letter.
const LETTER_PERCENT: f64 = 2.2;

/// The stretches of the critical path: tool, beginning, phase.
type OnPath = HashSet<(usize, u64, Phase)>;

pub(super) fn timeline(page: &mut String, course: &RunTimeline, path: &[Link]) {
    page.push_str("<section>\n<h2>Timeline</h2>\n<p class=\"legend\">");
    for phase in course.phases() {
        let _ = write!(page, "<span><i class=\"{}\">{}</i>{phase}</span>", phase.name(), phase.letter());
    }
    if course.tools.iter().any(|tool| !tool.stalls_ns().is_empty()) {
        page.push_str("<span><i class=\"stalled\"></i>stalled</span>");
    }
    page.push_str("<span><i class=\"mark\"></i>on the critical path</span></p>\n<div class=\"chart\">\n");
    axis(page, course.length_ns);
    let path: OnPath = path.iter().map(|link| (link.tool, link.stretch.from_ns, link.stretch.phase)).collect();
    for lives in course.rows() {
        row(page, course, &path, &lives);
    }
    rate_row(page, course);
    page.push_str("</div>\n</section>\n");
}

/// The place of a moment in the run, in percent of the run's length.
fn percent(course: &RunTimeline, ns: u64) -> f64 {
    ns as f64 * 100.0 / course.length_ns.max(1) as f64
}

/// Ticks at round times, four to eleven of them.
fn axis(page: &mut String, length_ns: u64) {
    page.push_str("<div class=\"row axis\" aria-hidden=\"true\"><span></span><div class=\"track\">");
    let step_ns = step_ns(length_ns);
    let mut at_ns = 0;
    while at_ns <= length_ns - length_ns / 20 {
        let left = at_ns as f64 * 100.0 / length_ns.max(1) as f64;
        let label = if at_ns == 0 { "0".into() } else { tick(at_ns) };
        let _ = write!(page, "<span style=\"left:{left:.3}%\">{label}</span>");
        at_ns += step_ns;
    }
    page.push_str("</div><span></span></div>\n");
}

/// A round time, with no more digits than it needs.
fn tick(ns: u64) -> String {
    match ns {
        ..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        1_000_000_000..60_000_000_000 => format!("{} s", ns as f64 / 1e9),
        _ => fine_duration(ns),
    }
}

fn step_ns(length_ns: u64) -> u64 {
    let mut step_ns = 1_000_000;
    for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(60) {
        if length_ns / step_ns <= 10 {
            break;
        }
        step_ns = (step_ns as f64 * factor) as u64;
    }
    step_ns
}

/// Append the row of a tool, with a lane for each of its lives.
fn row(page: &mut String, course: &RunTimeline, path: &OnPath, lives: &[usize]) {
    let Some(last) = lives.last().and_then(|life| course.tools.get(*life)) else { return };
    let slot = &last.slot;
    let took = if last.worked() { fine_duration(last.took_ns().unwrap_or(0)) } else { String::new() };
    let standing = if slot.state.good() { "" } else { " not" };
    let _ = write!(
        page,
        "<div class=\"row\"><span class=\"name{standing}\"><bdi>{}</bdi> <small>{}</small></span>",
        escaped(&slot.key),
        escaped(&slot.version),
    );
    if lives.len() > 1 {
        page.push_str("<div class=\"lives\">");
    }
    for life in lives {
        lane(page, course, path, *life);
    }
    if lives.len() > 1 {
        page.push_str("</div>");
    }
    let _ = writeln!(page, "<span class=\"took\">{took}</span></div>");
}

/// One life of a tool: its stretches, its stalls over them, and the mark of a failure where it happened.
fn lane(page: &mut String, course: &RunTimeline, path: &OnPath, life: usize) {
    let tool: &ToolTimeline = &course.tools[life];
    page.push_str("<div class=\"track\">");
    for stretch in &tool.stretches {
        let on_path = path.contains(&(life, stretch.from_ns, stretch.phase));
        page.push_str(&bar(course, life, stretch, on_path));
    }
    for (from_ns, until_ns) in tool.stalls_ns() {
        let (left, width) = (percent(course, from_ns), percent(course, until_ns - from_ns));
        let _ = write!(
            page,
            "<i class=\"stalled\" style=\"left:{left:.3}%;width:{width:.3}%\" title=\"{}: no byte for {}\"></i>",
            escaped(&tool.slot.key),
            fine_duration(until_ns - from_ns),
        );
    }
    if let Some(ended_ns) = tool.ended_ns.filter(|_| !tool.slot.state.good()) {
        let at = percent(course, ended_ns);
        // Words that would run out of the chart are put before their mark.
        let side = if at > 75.0 { " class=\"before\"" } else { "" };
        let words = if at > 75.0 { format!("{} ✗", tool.slot.state) } else { format!("✗ {}", tool.slot.state) };
        let _ = write!(page, "<em{side} style=\"left:{at:.3}%\">{words}</em>");
    }
    page.push_str("</div>");
}

/// One stretch, as wide as it is long.
pub(super) fn bar(course: &RunTimeline, tool: usize, stretch: &PhaseSpan, on_path: bool) -> String {
    let took_ns = stretch.until_ns - stretch.from_ns;
    let (left, width) = (percent(course, stretch.from_ns), percent(course, took_ns));
    let amount = match stretch.phase {
        Phase::DOWNLOADING | Phase::EXTRACTING if stretch.done > 0 => format!(", {}", bytes(stretch.done)),
        _ => String::new(),
    };
    let key = escaped(&course.tools[tool].slot.key);
    let marked = if on_path { " mark" } else { "" };
    let letter = if width >= LETTER_PERCENT { stretch.phase.letter() } else { "" };
    format!(
        "<i class=\"{}{marked}\" style=\"left:{left:.3}%;width:{width:.3}%\" title=\"{key}: {} {}{amount}\">{letter}</i>",
        stretch.phase.name(),
        stretch.phase,
        fine_duration(took_ns),
    )
}

/// Bytes a second in each part of the run.
pub(super) fn rates(course: &RunTimeline) -> Vec<u64> {
    let part_ns = course.length_ns / BUCKETS as u64;
    let mut received = vec![0.0f64; BUCKETS];
    if part_ns == 0 {
        return vec![0; BUCKETS];
    }
    for tool in &course.tools {
        let Some(download) = tool.stretches.iter().find(|stretch| stretch.phase == Phase::DOWNLOADING) else {
            continue;
        };
        let (mut from_ns, mut before) = (download.from_ns, 0);
        let last = (download.until_ns, download.done);
        for (at_ns, done) in tool.received.iter().copied().filter(|(at_ns, _)| *at_ns < last.0).chain([last]) {
            // A download that begins again counts from 0.
            let came = if done >= before { done - before } else { done };
            spread(&mut received, part_ns, (from_ns, at_ns), came as f64);
            (from_ns, before) = (at_ns.max(from_ns), done);
        }
    }
    received.into_iter().map(|bytes| (bytes * 1e9 / part_ns as f64) as u64).collect()
}

/// Distribute an amount evenly over the parts of the run in which it arrived.
fn spread(parts: &mut [f64], part_ns: u64, (from_ns, until_ns): (u64, u64), amount: f64) {
    let last = parts.len() - 1;
    let place = |ns: u64| ((ns / part_ns) as usize).min(last);
    let span = until_ns.saturating_sub(from_ns).max(1) as f64;
    for (part, sum) in parts.iter_mut().enumerate().take(place(until_ns) + 1).skip(place(from_ns)) {
        let begins = if part == place(from_ns) { from_ns } else { part as u64 * part_ns };
        let ends =
            if part == place(until_ns) { until_ns.max(from_ns.saturating_add(1)) } else { (part as u64 + 1) * part_ns };
        *sum += amount * ends.saturating_sub(begins) as f64 / span;
    }
}

fn rate_row(page: &mut String, course: &RunTimeline) {
    let rates = rates(course);
    let peak = rates.iter().copied().max().unwrap_or(0);
    if peak == 0 {
        return;
    }
    let mut line = String::from("M0 40");
    for (part, bytes) in rates.iter().enumerate() {
        let height = 40.0 - *bytes as f64 * 38.0 / peak as f64;
        let _ = write!(line, "L{part} {height:.1}L{} {height:.1}", part + 1);
    }
    let _ = writeln!(
        page,
        "<div class=\"row rate\"><span class=\"name\">Bytes a second</span><div class=\"track\">\
         <svg viewBox=\"0 0 {BUCKETS} 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Bytes a second over the run, {peak_text} at most\">\
         <path d=\"{line}L{BUCKETS} 40Z\"/></svg></div><span class=\"took\">{peak_text}</span></div>",
        peak_text = rate(peak),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::timeline::tests::{retried, run};
    use super::*;

    #[test]
    fn rates_add_up_to_what_came() {
        let course = run();
        let part_seconds = course.length_ns as f64 / 1e9 / BUCKETS as f64;
        let sum: f64 = rates(&course).iter().map(|rate| *rate as f64 * part_seconds).sum();
        assert!((sum / course.bytes() as f64 - 1.0).abs() < 0.01, "{sum} of {}", course.bytes());
    }

    #[test]
    fn a_retried_tool_is_one_row_with_a_lane_for_each_try() {
        let course = retried();
        let mut page = String::new();
        timeline(&mut page, &course, &[]);
        let row = page.lines().find(|line| line.contains("alert(1)")).expect("its row");
        assert_eq!(page.lines().filter(|line| line.contains("alert(1)")).count(), 1, "{page}");
        assert_eq!(row.matches("<div class=\"track\">").count(), 2, "{row}");
        assert!(row.contains("✗ failed") || row.contains("failed ✗"), "{row}");
    }

    #[test]
    fn a_stall_is_hatched_over_its_download() {
        let mut course = run();
        course.length_ns = 20_000_000_000;
        let download = course.tools[0].stretches.iter_mut().find(|stretch| stretch.phase == Phase::DOWNLOADING);
        let download = download.expect("a download");
        download.until_ns = download.from_ns + 10_000_000_000;
        assert_eq!(course.tools[1].stalls_ns(), []);
        let stalls = course.tools[0].stalls_ns();
        assert!(stalls.len() == 1 && stalls[0].1 - stalls[0].0 > 8_000_000_000, "{stalls:?}");
        let mut page = String::new();
        timeline(&mut page, &course, &[]);
        assert_eq!(page.matches("<i class=\"stalled\" style=").count(), 1, "{page}");
    }

    #[test]
    fn ticks_are_round_and_few() {
        for length_ns in [3_000_000, 80_000_000, 1_900_000_000, 61_000_000_000, 7_200_000_000_000] {
            let ticks = length_ns / step_ns(length_ns);
            assert!((2..=10).contains(&ticks), "{ticks} for {length_ns}");
        }
        assert_eq!(step_ns(1_900_000_000), 200_000_000);
    }
}
