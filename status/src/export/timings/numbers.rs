//! The page's numbers as a table, for readers that cannot see the bars or want exact values.

use std::fmt::Write;

use vx_text::units::{bytes, fine_duration, rate};

use crate::vocabulary::{self, Phase};

use super::super::timeline::{RunTimeline, ToolTimeline};
use super::text::{capitalised, escaped};

pub(super) fn table(page: &mut String, course: &RunTimeline) {
    if course.tools.is_empty() {
        return;
    }
    let phases = course.phases();
    page.push_str("<section>\n<h2>In numbers</h2>\n<div class=\"wide\"><table><thead><tr>");
    let noun = capitalised(vocabulary::noun_of(course.tools.iter().map(|tool| tool.slot.kind)));
    let _ = write!(page, "<th scope=\"col\">{noun}</th>");
    page.push_str("<th scope=\"col\">Version</th><th scope=\"col\">Outcome</th>");
    for phase in &phases {
        let _ = write!(page, "<th scope=\"col\">{phase}</th>");
    }
    page.push_str(
        "<th scope=\"col\">Time</th><th scope=\"col\">Received</th><th scope=\"col\">Rate</th></tr></thead>\n<tbody>\n",
    );
    for tool in &course.tools {
        row(page, tool, &phases);
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

fn row(page: &mut String, tool: &ToolTimeline, phases: &[Phase]) {
    let slot = &tool.slot;
    let _ = write!(
        page,
        "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"text\">{}</td><td class=\"text {}\">{}</td>",
        escaped(&slot.key),
        escaped(&slot.version),
        if slot.state.good() { "good" } else { "bad" },
        slot.state,
    );
    for phase in phases {
        let ns = tool.in_phase_ns(*phase);
        let _ = write!(page, "<td>{}</td>", if ns > 0 { fine_duration(ns) } else { String::new() });
    }
    let took = tool.took_ns().filter(|_| tool.worked()).map(fine_duration).unwrap_or_default();
    let received = tool.bytes();
    let download_ns = tool.in_phase_ns(Phase::DOWNLOADING);
    let per_second = u128::from(received) * 1_000_000_000 / u128::from(download_ns.max(1));
    let (amount, speed) = match received {
        0 => (String::new(), String::new()),
        some => (bytes(some), rate(u64::try_from(per_second).unwrap_or(u64::MAX))),
    };
    let _ = writeln!(page, "<td>{took}</td><td>{amount}</td><td>{speed}</td></tr>");
}
