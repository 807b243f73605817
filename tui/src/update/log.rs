//! New pieces of a log, and movement to the matches of a search.

use vx_status::slot::SlotId;
use vx_status::source::{LogPart, LogPlace};

use super::motion;
use crate::model::{Jump, LogView, MOST_HITS, Model, Search};

/// Add a piece of the log. Of a line that overwrote itself, only the last text counts.
pub(super) fn read(model: &mut Model, of: SlotId, place: LogPlace, part: LogPart, location: Option<String>) -> bool {
    if model.log_source().is_none_or(|source| source.id != of) {
        return false;
    }
    let mut news = model.log.location != location;
    if model.log.of != Some(of) {
        model.log = LogView { of: Some(of), search: model.log.search.elsewhere(), ..LogView::default() };
        news = true;
    }
    model.log.location = location;
    let rows = model.areas().pane_rows();
    let jumps = model.log.wanted.is_some();
    news |= model.log.add_part(place, part);
    if jumps && model.log.wanted.is_none() {
        model.log.top = model.log.top.min(model.log.lines.len().saturating_sub(rows));
    }
    news
}

/// Search the whole log for this text, and go to the first match at or after the first line in view.
pub(super) fn search(model: &mut Model, text: String) {
    let at = model.log.lines.get(motion::log_top(model)).map_or(0, |line| line.at);
    model.log.hit = None;
    if text.is_empty() {
        model.log.search = Search::default();
        return;
    }
    model.notice = Some(format!("looking for {text:?}"));
    model.log.search = Search::new(text, Jump::From(at));
}

/// Go to the next match, or to the one before.
pub(super) fn go_on(model: &mut Model, forward: bool) {
    if model.log.search.text.is_empty() {
        return;
    }
    let top = model.log.lines.get(motion::log_top(model)).map_or(0, |line| line.at);
    model.log.search.jump = Some(match (forward, model.log.hit) {
        (true, Some(hit)) => Jump::Behind(hit),
        (true, None) => Jump::From(top),
        (false, hit) => Jump::Before(hit.unwrap_or(top)),
    });
    jump(model);
}

/// Record the progress of a search.
pub(super) fn found(model: &mut Model, of: SlotId, text: &str, hits: Vec<u64>, scanned: u64, whole: bool) -> bool {
    let search = &mut model.log.search;
    if model.log.of != Some(of) || search.text != text || scanned < search.scanned {
        return false;
    }
    let room = MOST_HITS - search.hits.len();
    let more = !hits.is_empty();
    search.hits.extend(hits.into_iter().take(room));
    search.scanned = scanned;
    search.whole = whole || search.hits.len() >= MOST_HITS;
    let waited = search.jump.is_some();
    jump(model);
    if !waited
        && more
        && let Some(hit) = model.log.hit
    {
        model.notice = Some(format!("match {}", model.log.search.place(hit)));
    }
    waited || more
}

/// Go to the match that the search wants, once it is known.
fn jump(model: &mut Model) {
    let search = &model.log.search;
    let Some(jump) = search.jump else { return };
    let Some(hit) = search.target(jump) else {
        let looked_at = if search.whole { "no line says" } else { "looking for" };
        model.notice = Some(format!("{looked_at} {:?}", search.text));
        // After the whole log was searched, no match can be expected any more.
        if search.whole {
            model.log.search.jump = None;
        }
        return;
    };
    model.notice = Some(format!("match {}", search.place(hit)));
    model.log.search.jump = None;
    show(model, hit);
}

/// Bring the line that begins at this byte into view.
fn show(model: &mut Model, hit: u64) {
    let rows = model.areas().pane_rows().max(1);
    let top = motion::log_top(model);
    model.log.hit = Some(hit);
    model.log.follow = false;
    match model.log.lines.iter().position(|line| line.at == hit) {
        Some(line) if (top..top + rows).contains(&line) => model.log.top = top,
        Some(line) => model.log.top = line.saturating_sub(rows / 2),
        None => model.log.wanted = Some(hit),
    }
}
