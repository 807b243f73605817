//! The log of a tool: its end is followed, and all of it is read and searched.

use super::*;

/// Search the log to its end.
fn search(model: &mut Model, logs: &mut dyn Logs) {
    while let Some((source, from)) = model.wanted_search() {
        let (of, text) = (source.id, model.log.search.text.clone());
        let part = logs.read("tool", LogPlace::From(from));
        let hits =
            part.lines.iter().filter(|line| line.text.to_lowercase().contains(&text)).map(|line| line.at).collect();
        update(model, UpdateMessage::Found { of, text, hits, scanned: part.to, whole: part.to >= part.size });
    }
}

#[test]
fn a_log_follows_until_it_is_scrolled() {
    let mut model = with_log(watching(), 100);
    update(&mut model, UpdateMessage::Open);
    assert!(matches!(model.wanted_log(), Some((_, LogPlace::From(_), false))));
    update(&mut model, UpdateMessage::Move(Motion::Top));
    assert!(!model.log.follow && model.wanted_log().is_none(), "the lines stand still while they are read");
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
    assert!(model.log.follow);
    update(&mut model, UpdateMessage::Follow);
    assert!(!model.log.follow);
}

#[test]
fn a_search_goes_from_match_to_match_and_round() {
    let lines = (0..40).map(|line| format!("line {line}{}", if line % 10 == 3 { " Error" } else { "" })).collect();
    let mut logs = FixedLogs(lines);
    let mut model = watching();
    read(&mut model, &mut logs);
    update(&mut model, UpdateMessage::Open);
    update(&mut model, UpdateMessage::Move(Motion::Top));
    update(&mut model, UpdateMessage::Find);
    assert_eq!(model.mode, Mode::Searching);
    type_in(&mut model, "error");
    let mut seen = Vec::new();
    for message in [
        UpdateMessage::Accept,
        UpdateMessage::FindNext,
        UpdateMessage::FindNext,
        UpdateMessage::FindNext,
        UpdateMessage::FindNext,
    ] {
        update(&mut model, message);
        search(&mut model, &mut logs);
        seen.push(model.log.hit);
    }
    update(&mut model, UpdateMessage::FindPrevious);
    seen.push(model.log.hit);
    let numbers = seen.iter().map(|hit| model.log.lines.iter().position(|line| Some(line.at) == *hit));
    assert_eq!(numbers.collect::<Vec<_>>(), [3, 13, 23, 33, 3, 33].map(Some));
    assert_eq!(model.notice.as_deref(), Some("match 4/4"));
    assert_eq!(model.order.len(), 12, "a search is no filter");
}

#[test]
fn another_tools_log_does_not_stay_on_the_screen() {
    let mut model = with_log(watching(), 5);
    let of = model.selected.expect("a selection");
    update(&mut model, UpdateMessage::Move(Motion::Down));
    assert_eq!((model.log.of, model.log.lines.len()), (None, 0));
    let part = FixedLogs(vec!["late".to_owned()]).read("tool", LogPlace::End);
    assert!(!update(&mut model, UpdateMessage::Log { of, place: LogPlace::End, part, location: None }).redraw);
    assert_eq!(model.log.lines.len(), 0);
}

#[test]
fn a_log_line_that_overwrote_itself_shows_its_last_text() {
    let mut model = watching();
    read(&mut model, &mut FixedLogs(vec!["10%\r50%\r100%\r".to_owned(), "\u{1b}[31mred\u{1b}[0m".to_owned()]));
    assert_eq!(shown(&model), ["100%", "red"]);
}

#[test]
fn a_long_log_is_kept_in_part_and_read_to_both_its_ends() {
    for piece in [7, 100, 6_000] {
        let mut log = LongLog::with_lines(20_000);
        log.piece = piece;
        through_a_long_log(log);
    }
}

fn through_a_long_log(mut log: LongLog) {
    let mut model = watching();
    read(&mut model, &mut log);
    update(&mut model, UpdateMessage::Open);
    assert_eq!(shown(&model).last(), Some(&"line 19999"));
    // Back to the very beginning, page by page, and to the end again: every line once, and never more than are kept.
    let mut pages = 0;
    while shown(&model)[0] != "line 0" {
        let before = shown(&model)[0].to_owned();
        update(&mut model, UpdateMessage::Move(Motion::PageUp));
        read(&mut model, &mut log);
        let (now, page) = (shown(&model)[0].to_owned(), model.areas().pane_rows() - 1);
        let number = |line: &str| line.trim_start_matches("line ").parse::<usize>().expect("a number");
        assert!(number(&before) - number(&now) <= page, "{before} to {now}: lines are left out");
        assert!(model.log.lines.len() <= LOG_LINES);
        pages += 1;
        assert!(pages < 3_000, "stuck at {before}");
    }
    while shown(&model).last() != Some(&"line 19999") {
        update(&mut model, UpdateMessage::Move(Motion::PageDown));
        read(&mut model, &mut log);
        assert!(model.log.lines.len() <= LOG_LINES);
        pages += 1;
        assert!(pages < 6_000, "stuck at {:?}", shown(&model).last());
    }
    update(&mut model, UpdateMessage::Move(Motion::Top));
    read(&mut model, &mut log);
    assert_eq!(shown(&model)[0], "line 0");
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
    read(&mut model, &mut log);
    assert_eq!(shown(&model).last(), Some(&"line 19999"));
    update(&mut model, UpdateMessage::Follow);
    log.grow_to(20_010);
    read(&mut model, &mut log);
    assert_eq!(shown(&model).last(), Some(&"line 19999"), "it stands still");
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
    read(&mut model, &mut log);
    assert_eq!((shown(&model).last(), model.log.follow), (Some(&"line 20009"), true));
}

#[test]
fn a_search_finds_lines_far_from_those_in_view() {
    let mut log = LongLog::with_lines(20_000);
    let mut model = watching();
    read(&mut model, &mut log);
    update(&mut model, UpdateMessage::Open);
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "line 77");
    update(&mut model, UpdateMessage::Accept);
    assert_eq!(model.notice.as_deref(), Some("looking for \"line 77\""));
    search(&mut model, &mut log);
    read(&mut model, &mut log);
    // The matches are 77, 770 to 779 and 7700 to 7799: none follows the last, so the next is the first.
    assert_eq!(model.notice.as_deref(), Some("match 1/111"));
    assert!(shown(&model).contains(&"line 77"), "{:?}", shown(&model));
    update(&mut model, UpdateMessage::FindPrevious);
    read(&mut model, &mut log);
    assert_eq!((model.notice.as_deref(), model.log.hit), (Some("match 111/111"), Some(log.line_offset(7799))));
    assert!(shown(&model).contains(&"line 7799"), "{:?}", shown(&model));
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "nowhere");
    update(&mut model, UpdateMessage::Accept);
    search(&mut model, &mut log);
    assert_eq!(model.notice.as_deref(), Some("no line says \"nowhere\""));
    log.grow_to(20_001);
    assert!(model.log.search.jump.is_none(), "nobody is taken away from where they read");
}
