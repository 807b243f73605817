//! A mistake, its place, and the collector of mistakes found so far.

/// At most this many mistakes are kept of a build.
const MOST: usize = 1000;
/// A message has at most this many bytes, with the lines that continue it.
const MESSAGE_BYTES: usize = 4 * 1024;

/// A mistake that a build reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its place; `None` if it is in no file, such as a missing module.
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
    /// The column, from 1, in the compiler's units; 0 if it names none.
    pub column: u32,
}

impl MistakeLocation {
    /// A place. A line or column that the compiler gives as 0 becomes 1.
    pub(super) fn new(file: &str, line: u32, column: Option<u32>) -> Self {
        let file = file.strip_prefix("./").unwrap_or(file).to_owned();
        Self { file, line: line.max(1), column: column.map_or(0, |column| column.max(1)) }
    }

    /// Parse a whole text as a place: `FILE:LINE:COLUMN`, or `FILE:LINE`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, last) = text.rsplit_once(':')?;
        let last = last.parse().ok()?;
        match rest.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) if !file.is_empty() => Some(Self::new(file, line, Some(last))),
            _ if !rest.is_empty() => Some(Self::new(rest, last, None)),
            _ => None,
        }
    }

    /// Parse the place at the beginning of a line, and the text after it: `FILE:LINE:COLUMN: text`, or without the
    /// column. `is_file` must accept the file's name.
    pub(super) fn before(line: &str, is_file: fn(&str) -> bool) -> Option<(Self, &str)> {
        // The first colon may belong to a drive letter.
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

/// Parse the number at the beginning of a text, and return the rest.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Collects the mistakes found so far, and the mistake or heading that the next line may belong to.
#[derive(Debug, Default)]
pub(super) struct MistakeCollector {
    mistakes: Vec<Mistake>,
    /// A message whose place has not come yet.
    heading: Option<String>,
    /// The next line may continue the last mistake.
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

    /// Give the waiting heading its place; ignored if there is no heading.
    pub(super) fn place(&mut self, place: MistakeLocation) {
        if let Some(message) = self.heading.take() {
            self.add(Some(place), &message);
        }
    }

    /// Returns whether a heading waits for its place.
    pub(super) fn waits(&self) -> bool {
        self.heading.is_some()
    }

    /// End the last mistake. A heading whose place never came becomes a mistake without one.
    pub(super) fn end_heading(&mut self) {
        self.open = false;
        if let Some(message) = self.heading.take() {
            self.add(None, &message);
        }
    }

    /// Drop a heading that only introduces the mistakes after it.
    pub(super) fn drop_heading(&mut self) {
        self.heading = None;
    }

    /// Add a line to the last mistake, if that may continue.
    pub(super) fn go_on(&mut self, line: &str) {
        let Some(last) = self.mistakes.last_mut().filter(|_| self.open) else { return };
        if last.message.len() + 1 + line.len() <= MESSAGE_BYTES {
            last.message.push('\n');
            last.message.push_str(line.trim_end());
        }
    }

    /// End the last mistake: no further line belongs to it.
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
