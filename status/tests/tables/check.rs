//! Checks of the tables of any snapshot, for the tests and for the fuzz target of the exports.

use vx_shm::Snapshot;
use vx_status::table::{to_csv, to_text};
use vx_text::escaped;

/// Assert that both tables are well formed, and that nothing in them can move a cursor or change the text's direction.
pub(crate) fn tables(snapshot: &Snapshot) {
    text(snapshot);
    csv(snapshot);
}

fn text(snapshot: &Snapshot) {
    let text = to_text(snapshot);
    assert!(escaped(&text) == text && !text.contains(['\t', '\r']), "{text:?}");
    assert!(text.ends_with('\n') && text.lines().count() > snapshot.slots.len());
}

/// Assert that there is one line more than slots, and that all lines have the same number of fields.
fn csv(snapshot: &Snapshot) {
    let csv = to_csv(snapshot);
    let without_returns = csv.replace('\r', "");
    assert_eq!(escaped(&without_returns), without_returns);
    let (mut quoted, mut fields, mut lines) = (false, 1, 0);
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted, // A doubled quote opens and closes.
            ',' if !quoted => fields += 1,
            '\r' if !quoted => {
                assert_eq!((characters.next(), fields), (Some('\n'), 18), "{csv:?}");
                (fields, lines) = (1, lines + 1);
            }
            '\n' if !quoted => panic!("a bare line feed outside of quotes: {csv:?}"),
            _ => {}
        }
    }
    assert_eq!((quoted, lines), (false, snapshot.slots.len() + 1), "{csv:?}");
}
