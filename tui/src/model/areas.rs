//! The rectangles of the screen's parts: a pure function of its size, shared by scrolling and drawing.

use ratatui::layout::Rect;

use super::Focus;

/// On a smaller screen the whole view is one line.
const LEAST: (u16, u16) = (40, 8);
/// A narrower screen has no pane.
const PANE_COLUMNS: u16 = 60;
/// A pane of fewer rows, its tabs included, shows too little to be worth the room.
const PANE_ROWS: u16 = 5;
/// An unfocused pane leaves rows beyond these to the table.
const PANE_ENOUGH: u16 = 14;

/// The parts of the screen; a part without room is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The only part, on a screen too small for any other.
    pub(crate) line: Option<Rect>,
    pub(crate) header: Rect,
    /// Its first row holds the column names.
    pub(crate) table: Rect,
    /// Its first row holds the tabs.
    pub(crate) pane: Option<Rect>,
    pub(crate) footer: Rect,
}

impl Areas {
    pub(crate) fn of((width, height): (u16, u16), rows: usize, focus: Focus) -> Self {
        if width < LEAST.0 || height < LEAST.1 {
            return Self { line: Some(Rect::new(0, 0, width, height.min(1))), ..Self::default() };
        }
        let header = if height >= 10 { 2 } else { 1 };
        let body = height - header - 1;
        let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1).max(2);
        let most = match focus {
            Focus::Table => (body / 2).max(body.saturating_sub(PANE_ENOUGH)),
            Focus::Pane => (body / 4).max(3),
        };
        let beside = wanted.min(most);
        let with_pane = width >= PANE_COLUMNS && body >= beside + PANE_ROWS;
        let table = if with_pane { beside } else { body };
        Self {
            line: None,
            header: Rect::new(0, 0, width, header),
            table: Rect::new(0, header, width, table),
            pane: with_pane.then(|| Rect::new(0, header + table, width, body - table)),
            footer: Rect::new(0, height - 1, width, 1),
        }
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

    #[test]
    fn the_parts_tile_the_screen_at_every_size() {
        for width in 0..=250 {
            for height in 0..=80 {
                for (rows, focus) in [(0, Focus::Table), (12, Focus::Table), (500, Focus::Table), (500, Focus::Pane)] {
                    let areas = Areas::of((width, height), rows, focus);
                    if areas.line.is_some() {
                        continue;
                    }
                    let pane = areas.pane.map_or(0, |pane| pane.height);
                    assert_eq!(areas.header.height + areas.table.height + pane + areas.footer.height, height);
                    assert!(areas.table_rows() >= 1, "{width}×{height}");
                    assert!(areas.pane.is_none() || width >= PANE_COLUMNS);
                }
            }
        }
    }

    #[test]
    fn twelve_tools_and_a_pane_fit_the_usual_terminal() {
        let areas = Areas::of((100, 30), 12, Focus::Table);
        assert_eq!(areas.table_rows(), 12);
        assert!(areas.pane_rows() >= 10);
    }
}
