//! This run compared with earlier ones of the same project.

use std::collections::BTreeSet;
use std::fmt::Write;

use vx_text::units::fine_duration;

use super::super::timeline::{RunTimeline, ToolTimeline};
use super::text::{capitalised, escaped, moment};
use crate::vocabulary;

/// The most earlier runs that get their own row.
const MOST_ROWS: usize = 8;

/// The usual length of runs with the same outcome that fetched the same tools; `None` if there are none.
pub(super) fn usual_ns(course: &RunTimeline, earlier: &[RunTimeline]) -> Option<u64> {
    let alike = |other: &&RunTimeline| other.board.state == course.board.state && fetched(other) == fetched(course);
    middle(earlier.iter().filter(alike).map(|other| other.length_ns).collect())
}

fn fetched(course: &RunTimeline) -> BTreeSet<&str> {
    let fetched = course.tools.iter().filter(|tool| tool.worked() && tool.bytes() > 0);
    fetched.map(|tool| tool.slot.key.as_str()).collect()
}

fn middle(mut lengths: Vec<u64>) -> Option<u64> {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied()
}

/// The difference from the usual length: `32 % less than usual`.
pub(super) fn against(now_ns: u64, usual_ns: u64) -> String {
    let percent = (now_ns as f64 / usual_ns.max(1) as f64 - 1.0) * 100.0;
    match percent.round() {
        0.0 => "as long as usual".into(),
        more if more > 0.0 => format!("{more} % more than usual"),
        less => format!("{} % less than usual", -less),
    }
}

pub(super) fn earlier_runs(page: &mut String, course: &RunTimeline, earlier: &[RunTimeline]) {
    if earlier.is_empty() {
        return;
    }
    let shown: Vec<&RunTimeline> = [course].into_iter().chain(earlier.iter().take(MOST_ROWS)).collect();
    let longest_ns = shown.iter().map(|course| course.length_ns).max().unwrap_or(1).max(1);
    page.push_str("<section>\n<h2>Compared with earlier runs</h2>\n<div class=\"runs\">\n");
    for (place, run) in shown.iter().enumerate() {
        let when = if place == 0 { "this run".into() } else { moment(run.board.created_unix_ns) };
        let width = run.length_ns as f64 * 100.0 / longest_ns as f64;
        let class = if place == 0 { " this" } else { "" };
        let _ = writeln!(
            page,
            "<div class=\"run{class}\"><span>{when}</span><div class=\"track\"><i style=\"width:{width:.2}%\"></i></div>\
             <span class=\"took\">{}</span><span>{}</span></div>",
            fine_duration(run.length_ns),
            run.outcome(),
        );
    }
    page.push_str("</div>\n");
    tools(page, course, earlier);
    page.push_str("</section>\n");
}

fn tools(page: &mut String, course: &RunTimeline, earlier: &[RunTimeline]) {
    let last = course.last_lives();
    let rows: Vec<(&ToolTimeline, u64, u64, usize)> =
        last.into_iter().filter_map(|tool| beside(tool, earlier)).collect();
    if rows.is_empty() {
        return;
    }
    let noun = capitalised(vocabulary::noun_of(rows.iter().map(|(tool, ..)| tool.slot.kind)));
    let _ = write!(
        page,
        "<table><thead><tr><th scope=\"col\">{noun}</th><th scope=\"col\">This time</th><th scope=\"col\">Usually</th>\
         <th scope=\"col\">Difference</th><th scope=\"col\">Runs</th></tr></thead>\n<tbody>\n",
    );
    for (tool, now_ns, usual_ns, runs) in rows {
        // A tenth more or less is noise.
        let class = match (u128::from(now_ns) * 10, u128::from(usual_ns)) {
            (now, usual) if now > usual * 11 => "slower",
            (now, usual) if now < usual * 9 => "faster",
            _ => "same",
        };
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{runs}</td></tr>",
            escaped(&tool.slot.key),
            fine_duration(now_ns),
            fine_duration(usual_ns),
            difference(now_ns, usual_ns),
        );
    }
    page.push_str("</tbody></table>\n");
}

fn difference(now_ns: u64, usual_ns: u64) -> String {
    match now_ns >= usual_ns {
        true => format!("+{}", fine_duration(now_ns - usual_ns)),
        false => format!("\u{2212}{}", fine_duration(usual_ns - now_ns)),
    }
}

/// A tool's time, where it succeeded, and the time it usually takes.
fn beside<'a>(tool: &'a ToolTimeline, earlier: &[RunTimeline]) -> Option<(&'a ToolTimeline, u64, u64, usize)> {
    let took = |tool: &ToolTimeline| tool.took_ns().filter(|_| tool.worked() && tool.slot.state.good());
    let now_ns = took(tool)?;
    let same = earlier
        .iter()
        .filter_map(|course| took(course.last_lives().into_iter().find(|other| other.slot.key == tool.slot.key)?));
    let lengths: Vec<u64> = same.collect();
    let runs = lengths.len();
    Some((tool, now_ns, middle(lengths)?, runs))
}

#[cfg(test)]
mod tests {
    use super::super::super::timeline::tests::{earlier, retried, run};
    use super::*;

    #[test]
    fn a_run_is_usual_only_beside_runs_that_did_the_same() {
        let (run, other) = (run(), earlier());
        assert_eq!(usual_ns(&run, std::slice::from_ref(&other)), None, "one failed, the other did not");
        assert_eq!(usual_ns(&other, &[other.clone(), run.clone()]), Some(other.length_ns));
        let fewer = RunTimeline { tools: other.tools[..1].to_vec(), ..other.clone() };
        assert_eq!(usual_ns(&fewer, &[other]), None);
    }

    #[test]
    fn of_a_tool_that_was_tried_again_the_last_time_counts() {
        let retried = retried();
        assert_eq!((retried.tools.len(), retried.last_lives().len()), (4, 3));
        let failed = "<script>alert(1)</script>";
        let of = |course: &RunTimeline, state: vx_shm::SlotState| {
            course.tools.iter().find(|tool| tool.slot.key == failed && tool.slot.state == state).cloned()
        };
        let good = of(&retried, vx_shm::SlotState::Done).expect("it came out well in the end");
        assert_eq!(of(&retried, vx_shm::SlotState::Failed).and_then(|tool| tool.took_ns()), Some(498_000_000));
        let beside =
            beside(&good, std::slice::from_ref(&retried)).map(|(_, now_ns, usual_ns, runs)| (now_ns, usual_ns, runs));
        assert_eq!(beside, Some((190_000_000, 190_000_000, 1)), "not dropped for its failure");
        let mut page = String::new();
        tools(&mut page, &retried, std::slice::from_ref(&retried));
        assert_eq!(page.matches("<tr><th scope=\"row\">").count(), 3, "{page}");
    }

    #[test]
    fn what_is_usual_is_the_middle_and_a_difference_has_a_sign() {
        assert_eq!(middle(vec![9, 1, 5]), Some(5));
        assert_eq!(middle(Vec::new()), None);
        assert_eq!(against(150, 100), "50 % more than usual");
        assert_eq!(against(60, 100), "40 % less than usual");
        assert_eq!(against(100, 100), "as long as usual");
        assert_eq!(difference(1_000_000, 5_000_000), "\u{2212}4 ms");
    }
}
