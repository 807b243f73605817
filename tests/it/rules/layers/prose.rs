//! Comments open with their subject. The test prints its counts; `--nocapture` shows them.

use std::fmt::Write as _;

use super::source::{paragraphs, rust_files, shown, text};
use super::{MOST_LATE_OPENINGS_PERCENT, PACKAGES, Package};

/// Words that open a sentence whose subject comes late, or is a pronoun for a process.
const LATE_OPENINGS: [&str; 9] = ["What", "Who", "Whose", "Which", "Where", "How", "That", "Nobody", "Somebody"];

/// Words that may open the first sentence of a comment, where they name a value: "How many slots it has."
const NAMING_OPENINGS: [&str; 4] = ["What", "Which", "Where", "How"];

/// Sentences of comments: how many there are, and how many open late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Openings {
    sentences: usize,
    late: usize,
}

impl Openings {
    fn of(text: &str) -> Self {
        let mut openings = Self::default();
        for paragraph in paragraphs(text) {
            for (index, sentence) in sentences(&paragraph).into_iter().enumerate() {
                let word = sentence.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
                let names_a_value = index == 0 && NAMING_OPENINGS.contains(&word);
                openings.sentences += 1;
                openings.late += usize::from(LATE_OPENINGS.contains(&word) && !names_a_value);
            }
        }
        openings
    }

    /// The share of late openings, in percent.
    fn percent(self) -> f64 {
        100.0 * self.late as f64 / self.sentences.max(1) as f64
    }
}

impl std::iter::Sum for Openings {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            sentences: sum.sentences + one.sentences,
            late: sum.late + one.late,
        })
    }
}

/// The sentences of a paragraph: each begins with a capital after a full stop and a space.
fn sentences(paragraph: &str) -> Vec<&str> {
    let abbreviated = |at: usize| ["e.g", "i.e"].iter().any(|word| paragraph[..at].ends_with(word));
    let ends = paragraph.match_indices(['.', '!', '?']).filter(|(at, _)| !abbreviated(*at)).map(|(at, _)| at + 1);
    let begins = ends.filter_map(|end| {
        let rest = paragraph[end..].strip_prefix(' ')?;
        rest.starts_with(char::is_uppercase).then_some(end + 1)
    });
    let mut begins: Vec<usize> = std::iter::once(0).chain(begins).collect();
    begins.push(paragraph.len());
    begins.windows(2).map(|range| paragraph[range[0]..range[1]].trim_end()).collect()
}

impl Package {
    /// The files of this package that have comments, each with its sentences.
    fn openings(&self) -> Vec<(String, Openings)> {
        let places = std::iter::once(self.sources()).chain(self.others());
        let files = places.flat_map(|place| rust_files(&place));
        files.map(|file| (shown(&file), Openings::of(&text(&file)))).collect()
    }
}

/// The most files of each package that the report names, those with the most late openings first.
const MOST_NAMED: usize = 5;

#[test]
fn comments_open_with_their_subject() {
    let mut report = format!("{:<16} {:>9} {:>10} {:>8}  most in\n", "package", "sentences", "open late", "percent");
    let mut faults = Vec::new();
    for package in &PACKAGES {
        let mut files = package.openings();
        let all: Openings = files.iter().map(|(_, openings)| *openings).sum();
        files.retain(|(_, openings)| openings.late > 0);
        files.sort_by_key(|(_, openings)| std::cmp::Reverse(openings.late));
        let most: Vec<String> =
            files.iter().take(MOST_NAMED).map(|(file, openings)| format!("{file} {}", openings.late)).collect();
        let (name, percent) = (package.folder, all.percent());
        let Openings { sentences, late } = all;
        let _ = writeln!(report, "{name:<16} {sentences:>9} {late:>10} {percent:>8.1}  {}", most.join(", "));
        if percent > MOST_LATE_OPENINGS_PERCENT {
            faults.push(name);
        }
    }
    println!("{report}");
    assert!(faults.is_empty(), "over {MOST_LATE_OPENINGS_PERCENT} % of the sentences open late: {faults:?}\n{report}");
}

#[test]
fn sentences_that_open_late_are_counted() {
    let text = "/// What a reader sees. How it is\n/// read. The rest: who knows. That is all, e.g. What.\n\
                fn x() {}\n// Whatever comes, it stays.\n// Nobody's lock.\n";
    assert_eq!(Openings::of(text), Openings { sentences: 6, late: 3 });
    assert_eq!(sentences("One. Two.3 is. three! Four"), ["One.", "Two.3 is. three!", "Four"]);
}
