//! The rectangles of the screen's parts: a pure function of its size, shared by scrolling and drawing.

use ratatui::layout::Rect;

use super::Focus;

/// On a smaller screen the whole view is one line.
const LEAST: (u16, u16) = (40, 8);
/// From this many rows on, an empty line separates the parts.
const AIRY_ROWS: u16 = 30;
/// On a narrower screen the pane covers the table, and is shown only on request.
const PANE_COLUMNS: u16 = 60;
/// A lower screen shows a pane only on request.
const PANE_ROWS: u16 = 24;
/// A lower pane, its tabs included, shows too little to be worth the room.
const PANE_LEAST: u16 = 5;
/// From this width on, the pane may stand beside the table.
const BESIDE_COLUMNS: u16 = 160;
/// The least and the most columns of a pane beside the table.
const BESIDE: (u16, u16) = (56, 72);

/// Inputs of the layout besides the size of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Number of rows of the table.
    pub(crate) rows: usize,
    pub(crate) focus: Focus,
    /// The user has asked for the pane.
    pub(crate) pane_asked: bool,
    /// The board counts bytes, so that there is a rate to draw.
    pub(crate) has_bytes: bool,
    /// The pane shows an error, which must not be cut.
    pub(crate) shows_error: bool,
}

/// The parts of the screen; a part without room is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The only part, on a screen too small for any other.
    pub(crate) line: Option<Rect>,
    pub(crate) header: Rect,
    /// Its first row holds the column names.
    pub(crate) table: Rect,
    /// Spare rows under the table, for a graph on the same axis; the first is blank.
    pub(crate) graph: Option<Rect>,
    /// Its first row holds the tabs.
    pub(crate) pane: Option<Rect>,
    /// The pane stands beside the table.
    pub(crate) beside: bool,
    /// The pane stands in the table's place; the table has no rows.
    pub(crate) covered: bool,
    pub(crate) footer: Rect,
}

impl Areas {
    pub(crate) fn for_size((width, height): (u16, u16), wishes: Wishes) -> Self {
        if width < LEAST.0 || height < LEAST.1 {
            return Self { line: Some(Rect::new(0, 0, width, height.min(1))), ..Self::default() };
        }
        let gap = u16::from(height >= AIRY_ROWS);
        let body = Rect::new(0, 1 + gap, width, height - 2 - gap * 2);
        let mut areas = Self {
            header: Rect::new(0, 0, width, 1),
            table: body,
            footer: Rect::new(0, height - 1, width, 1),
            ..Self::default()
        };
        let wanted = u16::try_from(wishes.rows).unwrap_or(u16::MAX).saturating_add(1).max(2);
        if width < PANE_COLUMNS && wishes.pane_asked {
            return areas.covered();
        }
        if width < PANE_COLUMNS || (height < PANE_ROWS && !wishes.pane_asked) {
            return areas;
        }
        // Put the pane beside the table only if the rows need the height: otherwise a log makes better use of the
        // width.
        if width >= BESIDE_COLUMNS && wanted > body.height / 2 {
            let wide = (width * 3 / 10).clamp(BESIDE.0, BESIDE.1);
            areas.table.width = width - wide - 2;
            areas.pane = Some(Rect { x: width - wide, width: wide, ..body });
            areas.beside = true;
            return areas;
        }
        let least = match (wishes.focus, wishes.shows_error) {
            (Focus::Pane, _) => 12.min(body.height * 3 / 4),
            (_, true) if height < AIRY_ROWS => 13,
            (_, true) => 14,
            (_, false) if height < AIRY_ROWS => 7,
            (_, false) => 12,
        };
        let least = least.min(body.height.saturating_sub(4 + gap)).max(PANE_LEAST);
        let table = wanted.min(body.height.saturating_sub(least + gap));
        if table >= 2 {
            areas.table.height = table;
            let spare = body.height.saturating_sub(table + gap + least);
            let graph = match spare {
                _ if !wishes.has_bytes || wishes.focus == Focus::Pane || wishes.shows_error => 0,
                ..4 => 0,
                4..9 => 3,
                _ => 4,
            };
            areas.graph = (graph > 0).then(|| Rect { y: body.y + table, height: graph, ..body });
            let above = table + graph + gap;
            areas.pane = Some(Rect { y: body.y + above, height: body.height - above, ..body });
        } else if wishes.pane_asked {
            return areas.covered();
        }
        areas
    }

    /// These areas, with the pane in the table's place.
    fn covered(self) -> Self {
        Self { pane: Some(self.table), table: Rect { height: 0, ..self.table }, covered: true, ..self }
    }

    /// Number of table rows in view.
    pub(crate) fn table_rows(&self) -> usize {
        usize::from(self.table.height.saturating_sub(1))
    }

    /// Number of rows between the rules of the key list, which covers all but the footer.
    pub(crate) fn help_rows(&self) -> usize {
        usize::from(self.footer.y.saturating_sub(2))
    }

    /// Number of rows of the pane's content in view.
    pub(crate) fn pane_rows(&self) -> usize {
        usize::from(self.pane.map_or(0, |pane| pane.height.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn areas(size: (u16, u16), rows: usize) -> Areas {
        Areas::for_size(size, Wishes { rows, ..Wishes::default() })
    }

    #[test]
    fn the_parts_never_meet_and_never_leave_the_screen() {
        for width in 0..=250 {
            for height in 0..=80 {
                for (rows, focus, pane_asked, shows_error) in [
                    (0, Focus::Table, false, false),
                    (12, Focus::Table, true, true),
                    (500, Focus::Table, false, true),
                    (500, Focus::Pane, true, false),
                ] {
                    let areas = Areas::for_size(
                        (width, height),
                        Wishes { rows, focus, pane_asked, has_bytes: true, shows_error },
                    );
                    if areas.line.is_some() {
                        continue;
                    }
                    let parts = [Some(areas.header), Some(areas.table), areas.graph, areas.pane, Some(areas.footer)];
                    let parts: Vec<Rect> = parts.into_iter().flatten().collect();
                    let screen = Rect::new(0, 0, width, height);
                    for (place, part) in parts.iter().enumerate() {
                        assert_eq!(part.intersection(screen), *part, "{width}×{height}");
                        assert!(parts[..place].iter().all(|other| !other.intersects(*part)), "{width}×{height}");
                    }
                    assert!(areas.table_rows() >= 1 || (areas.covered && pane_asked), "{width}×{height}");
                    assert!(areas.pane.is_some() || !pane_asked, "{width}×{height}");
                    assert!(
                        areas
                            .pane
                            .is_none_or(|pane| pane.height >= PANE_LEAST && (areas.covered || width >= PANE_COLUMNS))
                    );
                }
            }
        }
    }

    #[test]
    fn twelve_tools_and_a_pane_fit_the_usual_terminal() {
        let areas = areas((100, 30), 12);
        assert_eq!(areas.table_rows(), 12);
        assert!(areas.pane_rows() >= 10);
    }

    #[test]
    fn a_low_screen_has_a_pane_only_when_asked_and_a_wide_one_has_it_beside_many_rows() {
        assert!(areas((100, 23), 4).pane.is_none());
        let asked = Wishes { rows: 4, pane_asked: true, ..Wishes::default() };
        assert!(Areas::for_size((100, 23), asked).pane.is_some());
        assert!(areas((200, 60), 64).beside && !areas((200, 60), 12).beside && !areas((159, 60), 64).beside);
        assert_eq!(areas((200, 60), 64).pane.map(|pane| pane.width), Some(60));
    }

    #[test]
    fn an_error_has_more_room_on_a_low_screen() {
        let pane = |shows_error| {
            let wishes = Wishes { rows: 40, shows_error, ..Wishes::default() };
            Areas::for_size((80, 24), wishes).pane.map_or(0, |pane| pane.height)
        };
        assert_eq!((pane(false), pane(true)), (7, 13));
    }
}
