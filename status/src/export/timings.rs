//! A run's timings as one page: no script, nothing loaded, light and dark, and a table with the same numbers.
//!
//! A policy in the page forbids it to run or load anything at all, so that a name on a board would do no harm even if
//! it were not escaped.

mod chart;
mod compare;
mod numbers;
mod text;

use std::fmt::Write;

use vx_shm::BoardState;
use vx_text::units::{bytes, fine_duration, rate};

use super::critical::{Link, critical_path};
use super::timeline::RunTimeline;
use crate::error_cell::ErrorCell;
use crate::vocabulary;
use text::escaped;

const STYLE: &str = include_str!("timings/page.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Render the page of a run, compared with earlier runs of the same project, the newest first.
pub fn timings(course: &RunTimeline, earlier: &[RunTimeline]) -> String {
    let path = critical_path(course);
    let title = escaped(if course.board.title.is_empty() { "vx" } else { &course.board.title });
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}: timings</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n"
    );
    head(&mut page, course, &title);
    figures(&mut page, course, earlier);
    chart::timeline(&mut page, course, &path);
    critical(&mut page, course, &path);
    compare::earlier_runs(&mut page, course, earlier);
    errors(&mut page, course);
    numbers::table(&mut page, course);
    let _ = write!(
        page,
        "</main>\n<footer>vx {}, board {}</footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(&course.board.id)
    );
    page
}

fn head(page: &mut String, course: &RunTimeline, title: &str) {
    let class = match course.board.state {
        BoardState::Done => "good",
        BoardState::Failed => "bad",
        BoardState::Cancelled => "stopped",
        _ => "busy",
    };
    let _ = write!(
        page,
        "<header>\n<h1><bdi>{title}</bdi> <span class=\"outcome {class}\">{}</span></h1>\n<p>{}</p>\n</header>\n",
        course.outcome(),
        text::moment(course.board.created_unix_ns),
    );
}

fn figures(page: &mut String, course: &RunTimeline, earlier: &[RunTimeline]) {
    let tools = course.last_lives();
    let good = tools.iter().filter(|tool| tool.slot.state.good()).count();
    let slowest = course.tools.iter().filter(|tool| tool.worked()).max_by_key(|tool| tool.took_ns());
    let rates = chart::rates(course);
    let received: u64 = course.bytes();
    let mut figure = |label: &str, value: String, note: String| {
        let _ = writeln!(page, "<div><dt>{label}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>");
    };
    let before = compare::usual_ns(course, earlier).map(|usual| compare::against(course.length_ns, usual));
    figure("Time", fine_duration(course.length_ns), before.unwrap_or_default());
    let noun = vocabulary::noun_of(tools.iter().map(|tool| tool.slot.kind));
    figure(
        if noun == "tool" { "Tools in place" } else { "Ended well" },
        format!("{good} of {}", tools.len()),
        String::new(),
    );
    let peak = rates.iter().copied().max().unwrap_or(0);
    if received > 0 {
        figure(
            "Received",
            bytes(received),
            if peak > 0 { format!("at {} at most", rate(peak)) } else { String::new() },
        );
    }
    if let Some(slowest) = slowest {
        let took = fine_duration(slowest.took_ns().unwrap_or(0));
        figure("Longest", format!("<bdi>{}</bdi>", escaped(&slowest.slot.key)), took);
    }
    page.insert_str(page.find("<div><dt>").unwrap_or(page.len()), "<dl class=\"figures\">\n");
    page.push_str("</dl>\n");
}

fn critical(page: &mut String, course: &RunTimeline, path: &[Link]) {
    let whole_ns = course.length_ns.max(1);
    if path.is_empty() {
        return;
    }
    page.push_str(
        "<section>\n<h2>Critical path</h2>\n<p>What would have had to be faster for the whole to be over sooner.</p>\n\
         <div class=\"path\" aria-hidden=\"true\">\n",
    );
    for link in path {
        page.push_str(&chart::bar(course, link.tool, &link.stretch, false));
    }
    page.push_str("</div>\n<ol class=\"links\">\n");
    let mut links: Vec<&Link> = path.iter().collect();
    links.retain(|link| u128::from(link.stretch.until_ns - link.stretch.from_ns) * 100 >= u128::from(whole_ns));
    for link in links {
        let took_ns = link.stretch.until_ns - link.stretch.from_ns;
        let _ = writeln!(
            page,
            "<li><i class=\"{}\"></i><bdi>{}</bdi> {} <b>{}</b> <span>{} %</span></li>",
            link.stretch.phase.name(),
            escaped(&course.tools[link.tool].slot.key),
            link.stretch.phase,
            fine_duration(took_ns),
            (u128::from(took_ns) * 100 + u128::from(whole_ns) / 2) / u128::from(whole_ns),
        );
    }
    page.push_str("</ol>\n</section>\n");
}

fn errors(page: &mut String, course: &RunTimeline) {
    let failed = course.tools.iter().filter_map(|tool| Some((tool, ErrorCell::of_slot(&tool.slot)?)));
    let mut failed = failed.peekable();
    if failed.peek().is_none() {
        return;
    }
    page.push_str("<section>\n<h2>What went wrong</h2>\n");
    for (tool, error) in failed {
        let (key, version) = (escaped(&tool.slot.key), escaped(&tool.slot.version));
        let _ = write!(
            page,
            "<h3><bdi>{key}</bdi> {version}</h3>\n<pre><bdi>{}</bdi></pre>\n",
            escaped(&error.shown_text())
        );
    }
    page.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::{earlier, retried, run, tasks};
    use super::*;

    #[test]
    fn a_run_as_a_page() {
        let page = timings(&run(), &[earlier(), earlier()]);
        let body = page.split_once("</style>").expect("a style").1;
        insta::assert_snapshot!(body);
    }

    #[test]
    fn a_tool_that_was_tried_again_is_one_tool() {
        let page = timings(&retried(), &[]);
        assert!(page.contains("<dt>Tools in place</dt><dd>3 of 3</dd>"), "{page}");
    }

    #[test]
    fn a_run_of_tasks_is_shown_in_the_words_of_tasks() {
        let page = timings(&tasks(), &[]);
        let (style, body) = page.split_once("</style>").expect("a style");
        for word in ["preparing", "running", "finishing"] {
            assert!(style.contains(&format!(".{word}")), "`{word}` has no colour");
            assert!(body.contains(&format!("<i class=\"{word}\">")), "`{word}` is not in the legend");
            assert!(body.contains(&format!("<th scope=\"col\">{word}</th>")), "`{word}` has no column");
        }
        for (word, other) in [("<th scope=\"col\">Task</th>", ">Tool<"), ("<dt>Ended well</dt>", "Tools in place")] {
            assert!(body.contains(word) && !body.contains(other), "{body}");
        }
        assert!(style.contains(".working") && !body.contains("downloading") && !body.contains(" B<"), "{body}");
    }

    #[test]
    fn every_step_of_every_kind_has_a_colour() {
        for kind in vx_shm::Kind::ALL {
            for meaning in crate::vocabulary::for_kind(*kind).steps {
                let class = meaning.word.split(' ').next().unwrap_or_default();
                assert!(STYLE.contains(&format!(".{class}")), "`{}` of {kind} has no colour", meaning.word);
            }
        }
    }

    #[test]
    fn a_hostile_name_is_text_and_nothing_is_fetched_or_run() {
        let page = timings(&run(), &[earlier()]);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("&lt;/pre&gt;&lt;b&gt;sha256") && !page.contains('\u{202e}'));
        for bad in ["<script", "</pre><b>", "src=", "href=", "url(", "@import", "http:", "https:"] {
            assert!(!page.contains(bad), "`{bad}` is in the page");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn lengths_that_cannot_be_make_a_page_all_the_same() {
        let mut course = run();
        course.length_ns = u64::MAX;
        for tool in &mut course.tools {
            tool.stretches.last_mut().expect("a stretch").until_ns = u64::MAX;
        }
        let download = &mut course.tools[1].stretches[2];
        (download.from_ns, download.until_ns) = (u64::MAX, u64::MAX);
        let page = timings(&course, &[course.clone()]);
        assert!(page.ends_with("</html>\n") && !page.contains("NaN"));
    }

    #[test]
    fn a_run_without_tools_is_a_page_too() {
        let page = timings(&RunTimeline::default(), &[]);
        assert!(page.ends_with("</html>\n") && !page.contains("NaN") && !page.contains("inf"));
    }
}
