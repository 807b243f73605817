//! A mistake, its place, and the mistakes found so far.

/// The most mistakes that are kept of one build.
const MOST: usize = 1000;
/// The longest message, in bytes, with the lines that continue it.
const MESSAGE_BYTES: usize = 4 * 1024;

/// A mistake that a build reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its place; `None` if it is in no file, as a module that cannot be found.
    pub place: Option<MistakeLocation>,
    /// The message, in one line or several.
    pub message: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MistakeLocation {
    /// The file, as the compiler names it: relative to the directory of the build, or absolute.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in the units of the compiler; 0 where it names none.
    pub column: u32,
}

impl MistakeLocation {
    /// A place; a line or a named column that is 0 becomes the first.
    pub(super) fn new(file: &str, line: u32, column: Option<u32>) -> Self {
        let file = file.strip_prefix("./").unwrap_or(file).to_owned();
        Self { file, line: line.max(1), column: column.map_or(0, |column| column.max(1)) }
    }

    /// The place in all of this text: `FILE:LINE:COLUMN`, or `FILE:LINE`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, last) = text.rsplit_once(':')?;
        let last = last.parse().ok()?;
        match rest.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) if !file.is_empty() => Some(Self::new(file, line, Some(last))),
            _ if !rest.is_empty() => Some(Self::new(rest, last, None)),
            _ => None,
        }
    }

    /// The place at the beginning of a line, and the text behind its colon: `FILE:LINE:COLUMN: text`, or without the
    /// column. The file's name must be good for `is_file`.
    pub(super) fn before(line: &str, is_file: fn(&str) -> bool) -> Option<(Self, &str)> {
        // The first colon may follow the letter of a drive.
        line.match_indices(':').take(3).find_map(|(end, _)| {
            let (file, rest) = (&line[..end], &line[end + 1..]);
            let (number, rest) = number(rest)?;
            if file.is_empty() || !is_file(file) {
                return None;
            }
            let rest = rest.strip_prefix(':')?;
            let (column, rest) = match self::number(rest).map(|(column, rest)| (column, rest.strip_prefix(':'))) {
                Some((column, Some(rest))) => (Some(column), rest),
                _ => (None, rest),
            };
            Some((Self::new(file, number, column), rest.trim_start()))
        })
    }
}

/// The number at the beginning of a text, and the rest.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The mistakes found so far, and what the next line may belong to.
#[derive(Debug, Default)]
pub(super) struct MistakeCollector {
    mistakes: Vec<Mistake>,
    /// A message whose place has not come yet.
    heading: Option<String>,
    /// Whether the next line may continue the last mistake.
    open: bool,
}

impl MistakeCollector {
    /// Add a mistake; the next lines may continue it.
    pub(super) fn push(&mut self, place: Option<MistakeLocation>, message: &str) {
        self.end_heading();
        self.add(place, message.trim_end());
        self.open = true;
    }

    /// Keep a message until its place comes.
    pub(super) fn head(&mut self, message: &str) {
        self.end_heading();
        self.heading = Some(message.trim_end().to_owned());
    }

    /// The place of the heading, if one waits for it.
    pub(super) fn place(&mut self, place: MistakeLocation) {
        if let Some(message) = self.heading.take() {
            self.add(Some(place), &message);
        }
    }

    /// Whether a heading waits for its place.
    pub(super) fn waits(&self) -> bool {
        self.heading.is_some()
    }

    /// A heading without a place is a mistake of its own.
    pub(super) fn end_heading(&mut self) {
        self.open = false;
        if let Some(message) = self.heading.take() {
            self.add(None, &message);
        }
    }

    /// Drop a heading that only introduces what follows.
    pub(super) fn drop_heading(&mut self) {
        self.heading = None;
    }

    /// Add a line to the last mistake, if it may have one.
    pub(super) fn go_on(&mut self, line: &str) {
        let Some(last) = self.mistakes.last_mut().filter(|_| self.open) else { return };
        if last.message.len() + 1 + line.len() <= MESSAGE_BYTES {
            last.message.push('\n');
            last.message.push_str(line.trim_end());
        }
    }

    /// No further line belongs to the last mistake.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    pub(super) fn finish(mut self) -> Vec<Mistake> {
        self.end_heading();
        let mut different: Vec<Mistake> = Vec::with_capacity(self.mistakes.len());
        for mistake in self.mistakes {
            if !different.contains(&mistake) {
                different.push(mistake);
            }
        }
        different
    }

    fn add(&mut self, place: Option<MistakeLocation>, message: &str) {
        if self.mistakes.len() < MOST && !message.is_empty() {
            let end = message.floor_char_boundary(MESSAGE_BYTES);
            self.mistakes.push(Mistake { place, message: message[..end].to_owned() });
        }
    }
}
