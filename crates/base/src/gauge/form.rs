//! The forms in which programs print their progress, each in one line.
//!
//! | form | printed by |
//! |---|---|
//! | `[12/340] CXX x.o`, `[ 45%] Building` | ninja, cmake, make's generators |
//! | `Building [===> ] 12/340: crate` | cargo |
//! | `Step 3/7 : RUN x`, `#9 [3/7] RUN x`, `=> [3/7] RUN x` | docker |
//! | `[3 of 7] Compiling X` | compilers of Haskell |
//! | `(12/340)` | nextest, package managers |
//! | `━━━╸ 1.2/3.4 MB`, `Progress 1200 of 3400` | pip |
//! | `App -> /src/bin/App.dll`, `App succeeded (0.3s)` | msbuild, dotnet: a finished project, without a total |
//! | `45%`, `45.3 %` | most others |
//! | `[####......]`, `[===>   ]` | bars without a number |

use super::GaugeUnit;

use super::number::{byte_unit, thousandths, whole};
use super::{GaugeFormRank, GaugeReading};

/// Reads a line by the most reliable form that it contains.
pub(super) fn read(line: &str) -> Option<(GaugeFormRank, GaugeReading)> {
    let line = line.trim();
    step(line)
        .map(|reading| (GaugeFormRank::Step, reading))
        .or_else(|| fraction(line).map(|reading| (GaugeFormRank::Fraction, reading)))
        .or_else(|| percent(line).map(|reading| (GaugeFormRank::Percent, reading)))
        .or_else(|| bar(line).map(|reading| (GaugeFormRank::Bar, reading)))
        .or_else(|| built(line).map(|reading| (GaugeFormRank::Fraction, reading)))
}

fn counted(done: u64, total: u64, unit: GaugeUnit, message: &str) -> Option<GaugeReading> {
    let fits = total > 0 && done <= total;
    fits.then(|| GaugeReading { done: Some((done, Some(total))), unit, message: said(message) })
}

/// The text beside the numbers, without punctuation around it.
fn said(text: &str) -> Option<String> {
    let text = text.trim_matches(|mark: char| mark.is_whitespace() || matches!(mark, ':' | '-' | '|' | '…'));
    (!text.is_empty()).then(|| text.to_owned())
}

/// Steps in the places where build tools count them: in brackets at the beginning, after `Step`, after cargo's bar.
fn step(line: &str) -> Option<GaugeReading> {
    in_brackets(line).or_else(|| after_word(line)).or_else(|| received(line)).or_else(|| after_bar(line))
}

/// `[12/340] text`, `[3 of 7] text`, `[ 45%] text`; with `#9 ` or `=> ` in front as docker prints it.
fn in_brackets(line: &str) -> Option<GaugeReading> {
    let line = match line.strip_prefix('#').and_then(whole) {
        Some((_, rest)) => rest.trim_start(),
        None => line.strip_prefix("=> ").unwrap_or(line),
    };
    let inside = line.strip_prefix('[')?.trim_start();
    // Docker's stages may have names: `[build 3/7]`.
    let numbers = inside.trim_start_matches(|letter: char| letter.is_ascii_alphabetic() || letter == '-').trim_start();
    if let Some((done, total, rest)) = slashed(numbers).or_else(|| joined(numbers, "of")) {
        return counted(done, total, GaugeUnit::Count, rest.trim_start().strip_prefix(']')?);
    }
    let (done, rest) = percentage(inside)?;
    counted(done, 1000, GaugeUnit::Permille, rest.trim_start().strip_prefix(']')?)
}

/// `Step 3/7 : text`.
fn after_word(line: &str) -> Option<GaugeReading> {
    let rest = ["Step ", "step ", "STEP "].iter().find_map(|word| line.strip_prefix(word))?;
    let (done, total, rest) = slashed(rest).or_else(|| joined(rest, "of"))?;
    counted(done, total, GaugeUnit::Count, rest)
}

/// `Progress 1200 of 3400`: pip's form for programs that read its output, in bytes.
fn received(line: &str) -> Option<GaugeReading> {
    let (done, total, rest) = joined(line.strip_prefix("Progress ")?, "of")?;
    counted(done, total, GaugeUnit::Bytes, rest).filter(|_| rest.is_empty())
}

/// `App -> /src/bin/App.dll`, and `App net8.0 succeeded (0.3s) → bin/App.dll`: a project has been built.
fn built(line: &str) -> Option<GaugeReading> {
    let library = |path: &str| [".dll", ".exe", ".nupkg"].iter().any(|end| path.trim_end().ends_with(end));
    let classic = line.split_once(" -> ").filter(|(_, path)| library(path)).map(|(name, _)| name);
    let terminal = || {
        let (name, rest) = line.split_once(" succeeded ").or_else(|| line.split_once(" succeeded with "))?;
        let took = rest.rsplit_once('(')?.1.split_once("s)")?.0;
        (thousandths(took)?.1.is_empty() && !name.starts_with("Build")).then_some(name)
    };
    let name = classic.or_else(terminal)?;
    Some(GaugeReading { done: None, unit: GaugeUnit::Count, message: Some(said(name)?) })
}

/// `Building [===>   ] 12/340: text`.
fn after_bar(line: &str) -> Option<GaugeReading> {
    let (_, rest) = line.split_once('[')?;
    let (drawn, rest) = rest.split_once(']')?;
    filled(drawn)?;
    let (done, total, rest) = slashed(rest.trim_start())?;
    counted(done, total, GaugeUnit::Count, rest)
}

/// Two numbers with a slash between them, anywhere in the line, unless they are part of a path, a date or a word.
fn fraction(line: &str) -> Option<GaugeReading> {
    numbers_in(line).find_map(|(before, from)| {
        sizes(from).filter(|_| stands_alone_after(before)).or_else(|| {
            let (done, total, rest) = slashed(from)?;
            (stands_alone_after(before) && stands_alone_before(rest))
                .then(|| counted(done, total, GaugeUnit::Count, ""))?
        })
    })
}

/// `1.2/3.4 MB`, and `1.2 MB / 3.4 GB`.
fn sizes(text: &str) -> Option<GaugeReading> {
    let (done, rest) = thousandths(text)?;
    let rest = rest.trim_start();
    let (own, rest) = byte_unit(rest).map_or((None, rest), |(bytes, rest)| (Some(bytes), rest));
    let (total, rest) = thousandths(rest.trim_start().strip_prefix('/')?.trim_start())?;
    let (unit, _) = byte_unit(rest.trim_start())?;
    let bytes = |number: u64, unit: u64| number.checked_mul(unit).map(|bytes| bytes / 1000);
    counted(bytes(done, own.unwrap_or(unit))?, bytes(total, unit)?, GaugeUnit::Bytes, "")
}

/// `45%`, `45.3 %`: the last percentage of a line, since a bar prints its own at the end.
fn percent(line: &str) -> Option<GaugeReading> {
    let found = numbers_in(line).filter(|(before, _)| stands_alone_after(before));
    let last = found.filter_map(|(_, from)| percentage(from)).last();
    last.and_then(|(done, _)| counted(done, 1000, GaugeUnit::Permille, ""))
}

/// A bar without a number, such as `[####......]`.
fn bar(line: &str) -> Option<GaugeReading> {
    let openings = line.match_indices(['[', '(', '|', '⸨']);
    openings
        .filter_map(|(at, opening)| {
            let closing = match opening {
                "[" => ']',
                "(" => ')',
                "⸨" => '⸩',
                _ => '|',
            };
            let (drawn, _) = line[at + opening.len()..].split_once(closing)?;
            let (full, cells) = filled(drawn)?;
            counted(full * 1000 / cells, 1000, GaugeUnit::Permille, "")
        })
        .next()
}

/// Counts the full cells of a drawn bar, and all of its cells.
fn filled(drawn: &str) -> Option<(u64, u64)> {
    const FEWEST_CELLS: usize = 8;
    const FULL: [char; 6] = ['=', '#', '█', '━', '▓', '■'];
    const HEADS: [char; 3] = ['>', '╸', '▌'];
    const EMPTY: [char; 8] = [' ', '.', '-', '░', '─', '▒', '□', '·'];
    let full = drawn.chars().take_while(|cell| FULL.contains(cell)).count();
    let mut rest = drawn.chars().skip(full).peekable();
    let head = rest.next_if(|cell| HEADS.contains(cell)).is_some();
    let empty = rest.clone().take_while(|cell| EMPTY.contains(cell)).count();
    let cells = full + usize::from(head) + empty;
    // Empty cells alone are a ruler or blanks.
    let drawn_at_all = full > 0 || head;
    let whole = rest.count() == empty && cells >= FEWEST_CELLS && drawn_at_all;
    whole.then_some((full as u64, cells as u64))
}

/// `12/340`, with or without blanks around the slash.
fn slashed(text: &str) -> Option<(u64, u64, &str)> {
    joined(text, "/")
}

/// Two numbers joined by `by`, with or without blanks around it.
fn joined<'a>(text: &'a str, by: &str) -> Option<(u64, u64, &'a str)> {
    let (done, rest) = whole(text)?;
    let (total, rest) = whole(rest.trim_start().strip_prefix(by)?.trim_start())?;
    Some((done, total, rest))
}

/// Reads `45%`, in thousandths of the whole.
fn percentage(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = thousandths(text)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest).strip_prefix('%')?;
    (number <= 100_000).then_some((number / 100, rest))
}

/// Splits a line at each number: the text before it, and the text from its first digit on.
fn numbers_in(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let digit = |at: usize| line.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..line.len()).filter(move |at| digit(*at) && (*at == 0 || !digit(*at - 1)));
    starts.map(|at| line.split_at(at))
}

fn stands_alone_after(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '/' | '.' | ',' | '-' | '_' | ':' | '\\'))
}

fn stands_alone_before(rest: &str) -> bool {
    let mut next = rest.chars();
    match next.next() {
        // A point at the end of a sentence is not a decimal point.
        Some('.' | ',' | ':') => !next.next().is_some_and(char::is_alphanumeric),
        Some(first) => !(first.is_alphanumeric() || matches!(first, '/' | '-' | '_' | '\\')),
        None => true,
    }
}
