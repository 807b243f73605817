//! The inline view over several readings.

use std::num::NonZero;

use super::*;
use vx_status::fixture::everything;

fn reading(snapshot: &Snapshot, ms: u64, last: bool) -> TimedSnapshot<'_> {
    TimedSnapshot { snapshot, now: Duration::from_millis(ms), last }
}

#[test]
fn a_resize_is_drawn_once_it_settled_and_the_end_at_once() {
    let mut view = Inline::new(OutputStyle::default(), Expectations::default());
    let snapshot = everything();
    assert!(!view.step(&reading(&snapshot, 0, false), (100, 30)).is_empty());
    assert!(view.step(&reading(&snapshot, 200, false), (100, 30)).is_empty(), "nothing changed");
    assert!(view.step(&reading(&snapshot, 240, false), (60, 30)).is_empty());
    assert!(view.step(&reading(&snapshot, 300, false), (50, 30)).is_empty());
    assert!(view.step(&reading(&snapshot, 440, false), (50, 30)).is_empty(), "not yet settled");
    assert!(!view.step(&reading(&snapshot, 460, false), (50, 30)).is_empty());
    assert!(!view.step(&reading(&snapshot, 470, true), (40, 30)).is_empty(), "the live rows go away");
}

#[test]
fn inline_shows_each_end_once_however_often_it_is_drawn() {
    let mut view = Inline::new(OutputStyle::default(), Expectations::default());
    let mut screen = vt100::Parser::new(const { NonZero::new(30).unwrap() }, const { NonZero::new(100).unwrap() }, 100);
    for step in 0..20 {
        screen.process(view.step(&reading(&everything(), step * 100, step == 19), (100, 30)).as_bytes());
    }
    let text = screen.screen().contents();
    insta::assert_snapshot!("inline_everything", text);
}
