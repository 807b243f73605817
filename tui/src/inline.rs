//! The inline view: finished tools scroll up as lines, and running tools are shown in a few rows below.
//!
//! Between two drawings the cursor rests at the first column of the first live row. On a resize, terminals that reflow
//! keep the cursor with its row and those that cut keep it in place, so the next drawing begins at the right row on
//! either kind. No terminal mode stays changed between two drawings.

use std::cell::Cell;

use ratatui::crossterm::{Command, cursor, terminal};
use vx_shm::{SlotView, Snapshot};
use vx_status::estimate::Estimate;
use vx_status::final_table::row;
use vx_status::mark::{glyph, tone};
use vx_status::pace::SlotRate;
use vx_status::slot::{elapsed_ms, received_bytes};
use vx_status::source::{Expectations, PrintedLine};
use vx_status::standing::Standing;
use vx_status::sums::summary;
use vx_status::totals::Totals;
use vx_status::turn_facts::TurnFacts;
use vx_text::units::{bytes, dollars, duration, percent, rate, seconds, short_count};
use vx_text::{clean, fitted, padded, padded_left, width};

use crate::model::{SlotRow, fill_in, rows};
use crate::theme::{Theme, Tone};
use crate::widgets::bar;

/// The live region has at most this many rows, and at most a third of the screen.
const MOST_ROWS: u16 = 8;

/// The bytes that scroll `finished` up and replace the shown rows by `live`. No line may be wider than the screen,
/// colour codes apart.
pub(crate) fn redraw(finished: &[String], live: &[String]) -> String {
    let mut out = String::new();
    ansi(&mut out, terminal::BeginSynchronizedUpdate);
    ansi(&mut out, terminal::DisableLineWrap);
    out.push('\r');
    for line in finished {
        ansi(&mut out, terminal::Clear(terminal::ClearType::UntilNewLine));
        out.push_str(line);
        out.push_str("\r\n");
    }
    // Never erase everything from the first cell of the screen on: tmux would move the erased text to its history,
    // frame after frame.
    ansi(&mut out, terminal::Clear(terminal::ClearType::UntilNewLine));
    for (number, line) in live.iter().enumerate() {
        if number > 0 {
            out.push_str("\r\n");
            ansi(&mut out, terminal::Clear(terminal::ClearType::UntilNewLine));
        }
        out.push_str(line);
    }
    if live.is_empty() {
        erase_below(&mut out);
    } else {
        ansi(&mut out, terminal::Clear(terminal::ClearType::FromCursorDown));
    }
    out.push('\r');
    if live.len() > 1 {
        ansi(&mut out, cursor::MoveUp(u16::try_from(live.len() - 1).unwrap_or(u16::MAX)));
    }
    ansi(&mut out, terminal::EnableLineWrap);
    ansi(&mut out, terminal::EndSynchronizedUpdate);
    out
}

/// The bytes that print these lines, uncut, in place of the live rows. The live rows are then drawn below.
pub(crate) fn print_above(lines: &[String]) -> String {
    let mut out = String::new();
    ansi(&mut out, terminal::BeginSynchronizedUpdate);
    out.push('\r');
    // A long line continues in the live rows, so erase these first.
    ansi(&mut out, terminal::Clear(terminal::ClearType::UntilNewLine));
    erase_below(&mut out);
    for line in lines {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}

/// A line that some work has printed, after the name of the work in `columns` columns.
pub(crate) fn printed_line(theme: &Theme, line: &PrintedLine, columns: usize) -> String {
    let name = padded(&line.key, columns, theme.glyphs.cut);
    format!("{} {}", theme.paint(&format!("{name} |"), Tone::Quiet), clean(&line.text))
}

/// Erase the rows below the cursor, which stays at the first column of its row.
fn erase_below(out: &mut String) {
    ansi(out, cursor::SavePosition);
    ansi(out, cursor::MoveDown(1));
    ansi(out, terminal::Clear(terminal::ClearType::FromCursorDown));
    ansi(out, cursor::RestorePosition);
}

fn ansi(out: &mut String, command: impl Command) {
    // Writing to a string cannot fail.
    let _ = command.write_ansi(out);
}

/// The line of a finished tool, in the columns of the final table: `✓ node  22.3.0  installed   31.2 MB   4.2 s`.
pub(crate) fn finished_line(theme: &Theme, snapshot: &Snapshot, slot: &SlotView, columns: u16) -> String {
    row(theme, snapshot, slot, columns).unwrap_or_else(|| narrow_line(theme, slot, snapshot.taken_at_ns, columns))
}

/// [`finished_line`] for a screen too narrow for columns.
fn narrow_line(theme: &Theme, slot: &SlotView, now_ns: u64, columns: u16) -> String {
    let standing = Standing::from_slot(slot);
    let mut text = vx_status::standing::ending(slot, standing);
    if standing.bad() && standing != Standing::Lost {
        text = format!("{}: {text}", standing.word());
    }
    let sums: Vec<String> = [
        received_bytes(slot).map(bytes),
        elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost).map(duration),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sums = sums.join("  ");
    let name = format!("{} {}", slot.key, slot.version);
    let room = usize::from(columns).saturating_sub(3);
    let name = fitted(&name, room / 2, theme.glyphs.cut);
    let sums = fitted(&sums, room.saturating_sub(width(&name) + 2), theme.glyphs.cut);
    let text = fitted(&text, room.saturating_sub(width(&name) + 4 + width(&sums)), theme.glyphs.cut);
    let mark = theme.paint(glyph(theme.glyphs, standing), tone(standing));
    let line = [theme.paint(&name, Tone::Strong), theme.paint(&text, tone(standing)), theme.paint(&sums, Tone::Quiet)];
    let line: Vec<String> = line.into_iter().filter(|part| !part.is_empty()).collect();
    fit_tiny(format!("{mark} {}", line.join("  ")), columns)
}

/// On a very narrow screen, only the beginning of the line, without colours.
fn fit_tiny(line: String, columns: u16) -> String {
    if columns < 8 { fitted(&line, usize::from(columns.saturating_sub(1)), "") } else { line }
}

/// The live rows for a screen of this size: the tools at work, then the sums.
pub(crate) fn live_rows(
    theme: &Theme,
    snapshot: &Snapshot,
    paces: &[SlotRate],
    expectations: &Expectations,
    size: (u16, u16),
) -> Vec<String> {
    let (columns, height) = size;
    let most = usize::from(MOST_ROWS.min(height / 3));
    let room = usize::from(columns.saturating_sub(1));
    if most == 0 || room == 0 {
        return Vec::new();
    }
    let estimate = Estimate::from_snapshot(snapshot, paces, expectations);
    let totals = Totals::estimated(snapshot, paces, &estimate);
    let mut rows = rows(snapshot, paces, &[]);
    fill_in(&mut rows, &estimate);
    // A queued row with a note waits for a server before it can begin.
    let is_shown = |row: &&SlotRow| row.standing.at_work() || row.standing == Standing::Queued && !row.note.is_empty();
    let mut working: Vec<&SlotRow> = rows.iter().filter(is_shown).collect();
    working.sort_by_key(|row| !row.asks);
    let for_rows = most - 1;
    let hidden = if working.len() > for_rows { working.len() + 1 - for_rows.max(1) } else { 0 };
    working.truncate(if hidden > 0 { for_rows.saturating_sub(1) } else { for_rows });
    let longest = |text: fn(&SlotRow) -> &str, most: usize| {
        working.iter().map(|row| width(text(row))).max().unwrap_or_default().min(most)
    };
    let columns = (longest(|row| &row.tool, 20), longest(|row| &row.version, 14));
    let mut lines: Vec<String> = working.iter().map(|row| live_row(theme, row, columns, room)).collect();
    if hidden > 0 && for_rows > 0 {
        lines.push(theme.paint(&fitted(&format!("  and {hidden} more"), room, theme.glyphs.cut), Tone::Quiet));
    }
    let done = match totals.is_of_services() {
        true => u16::try_from(totals.ready * 1000 / totals.services).unwrap_or(1000),
        false => totals.permille,
    };
    let drawn = bar(theme, room.min(96) / 4, Some(done), 0);
    let left = room.saturating_sub(width(&drawn) + 1);
    let sums = fitted(&summary(theme, &totals, left), left, theme.glyphs.cut);
    lines.push(format!("{} {sums}", theme.paint(&drawn, Tone::Busy)));
    lines
}

/// One running tool in `room` columns; cells that do not fit are left out from the right.
fn live_row(theme: &Theme, row: &SlotRow, (tool, version): (usize, usize), room: usize) -> String {
    let cut = theme.glyphs.cut;
    if row.is_service {
        return service_row(theme, row, tool, room);
    }
    let mark = if row.asks { theme.glyphs.waiting } else { glyph(theme.glyphs, row.standing) };
    let mut line = vec![(format!("{mark} {}", padded(&row.tool, tool.min(room / 2), cut)), tone(row.standing))];
    let mut taken = tool.min(room / 2) + 2;
    let mut add = |text: String, tone: Tone| {
        if taken + 2 + width(&text) <= room {
            taken += 2 + width(&text);
            line.push((text, tone));
        }
    };
    add(padded(&row.version, version, cut), Tone::Quiet);
    if row.note.is_empty() {
        let doing = row.phase.as_deref().unwrap_or_default();
        let doing = if row.standing == Standing::Slow { "slow" } else { doing };
        add(padded(doing, 12, cut), Tone::Plain);
    } else {
        // A note replaces the phase and takes the room of the cells after it.
        let text = if row.asks { row.note.clone() } else { format!("{}: {}", row.standing.word(), row.note) };
        let tone = if row.asks { Tone::Warning } else { tone(row.standing) };
        add(fitted(&text, room.saturating_sub(tool + version + 8), cut), tone);
    }
    if let Some(turn) = &row.turn {
        // Agents don't report how far they are.
        add(used(turn), Tone::Quiet);
        add(row.elapsed_ms.map(seconds).unwrap_or_default(), Tone::Quiet);
        return painted(theme, &line, room);
    }
    add(bar(theme, 12, row.permille, row.beat), tone(row.standing));
    add(padded_left(&row.permille.map(percent).unwrap_or_default(), 4, cut), Tone::Plain);
    add(padded_left(&row.done_bytes.map_or_else(|| row.counted.clone(), bytes), 8, cut), Tone::Plain);
    add(padded_left(&row.bytes_per_second.map(rate).unwrap_or_default(), 10, cut), Tone::Plain);
    add(row.left_ms.map(|left| format!("{} left", seconds(left))).unwrap_or_default(), Tone::Quiet);
    painted(theme, &line, room)
}

/// The cells of a row, in their colours.
fn painted(theme: &Theme, line: &[(String, Tone)], room: usize) -> String {
    let painted: Vec<String> = line.iter().map(|(text, tone)| theme.paint(text, *tone)).collect();
    fit_tiny(painted.join("  "), u16::try_from(room + 1).unwrap_or(u16::MAX))
}

/// A turn's use of its model, in words.
fn used(turn: &TurnFacts) -> String {
    let counts = [(turn.messages, "message"), (turn.tools, "tool"), (turn.tokens, "token")].into_iter();
    let counts = counts.filter(|(count, _)| *count > 0).map(|(count, noun)| {
        let end = if count == 1 { "" } else { "s" };
        format!("{} {noun}{end}", short_count(count))
    });
    counts.chain(turn.cost_micros.map(dollars)).collect::<Vec<_>>().join(", ")
}

/// An address in this many columns; its port is cut last.
fn shortened(address: &str, columns: usize) -> &str {
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    let port = host.rfind(':').map_or(host, |at| &host[at..]);
    [address, host].into_iter().find(|text| width(text) <= columns).unwrap_or(port)
}

/// A service in `room` columns: its state, its address, and how long it has been usable.
fn service_row(theme: &Theme, row: &SlotRow, name: usize, room: usize) -> String {
    let cut = theme.glyphs.cut;
    let is_well = row.elapsed_ms.is_some() && row.standing == Standing::Running && !row.is_unwell;
    let (mark, mark_tone) = match () {
        () if is_well => (theme.glyphs.working, Tone::Good),
        () if row.is_unwell => (glyph(theme.glyphs, row.standing), Tone::Warning),
        () => (glyph(theme.glyphs, row.standing), tone(row.standing)),
    };
    let name = padded(&row.tool, name.min(room / 2), cut);
    let taken = Cell::new(width(&name) + 2);
    let left = || room.saturating_sub(taken.get() + 2);
    let mut line = vec![(format!("{mark} {name}"), mark_tone)];
    let mut add = |text: &str, tone: Tone| {
        if !text.is_empty() && left() > 0 {
            let text = fitted(text, left(), cut);
            taken.set(taken.get() + width(&text) + 2);
            line.push((text, tone));
        }
    };
    add(&padded(row.phase.as_deref().unwrap_or_default(), 11, cut), if is_well { Tone::Good } else { Tone::Plain });
    add(&row.note, if row.is_unwell { Tone::Warning } else { Tone::Quiet });
    let address = row.address.as_deref().filter(|_| is_well).unwrap_or_default();
    add(shortened(address, left()), Tone::Strong);
    let restarts = match row.restarts {
        0 => String::new(),
        1 => "1 restart".to_owned(),
        more => format!("{more} restarts"),
    };
    add(&restarts, Tone::Warning);
    add(&row.elapsed_ms.map(seconds).unwrap_or_default(), Tone::Quiet);
    painted(theme, &line, room)
}

#[cfg(test)]
mod tests;
