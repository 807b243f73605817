//! Ranges of versions in npm's notation: alternatives, each a list of comparators that must all hold.
//!
//! `nodejs_semver` reads single comparators, and they are combined here. The crate treats comparators that exclude each
//! other (`>=22 <20`) as alternatives; to npm they are a range that nothing satisfies.

use nodejs_semver::{Range, Version};

/// A range of versions.
#[derive(Clone, Debug)]
pub struct NpmRange {
    alternatives: Vec<Vec<Comparator>>,
}

/// One word of a range.
#[derive(Clone, Debug)]
enum Comparator {
    Bounds(Range),
    /// `<*` and `>*`, which no version satisfies.
    Nothing,
}

impl NpmRange {
    /// Parse a range; `None` if any of its words is invalid. An empty alternative accepts every version.
    pub fn parse(text: &str) -> Option<Self> {
        let alternatives = text.split("||").map(alternative);
        Some(Self { alternatives: alternatives.collect::<Option<_>>()? })
    }

    /// Returns whether the range accepts a version. A prerelease needs a comparator with a prerelease of the same
    /// release.
    pub fn satisfies(&self, version: &Version) -> bool {
        let holds = |comparator: &Comparator, prereleases: bool| match comparator {
            Comparator::Bounds(range) => range.satisfies_with_prerelease(version, prereleases),
            Comparator::Nothing => false,
        };
        self.alternatives.iter().any(|all| {
            let finished = !version.is_prerelease();
            all.iter().all(|one| holds(one, true)) && (finished || all.iter().any(|one| holds(one, false)))
        })
    }

    /// Returns whether no version can satisfy the range: in every alternative, the comparators exclude each other.
    pub fn is_empty(&self) -> bool {
        self.alternatives.iter().all(|all| {
            let mut common = Some(Range::any());
            for comparator in all {
                common = match (common, comparator) {
                    (Some(common), Comparator::Bounds(range)) => common.intersect(range),
                    _ => None,
                };
            }
            common.is_none()
        })
    }
}

/// The comparators of one alternative: words, or two versions with a dash between them.
fn alternative(text: &str) -> Option<Vec<Comparator>> {
    if text.trim().is_empty() {
        return Some(vec![Comparator::Bounds(Range::any())]);
    }
    if let Some((from, to)) = text.split_once(" - ") {
        return between(from.trim(), to.trim());
    }
    let mut comparators = Vec::new();
    let mut word = String::new();
    for piece in text.split_whitespace() {
        // Blanks may stand between an operator and its version.
        word.push_str(piece);
        if !word.ends_with(['<', '>', '=', '^', '~']) {
            comparators.push(comparator(&std::mem::take(&mut word))?);
        }
    }
    word.is_empty().then_some(comparators)
}

/// The comparators of `from - to`, both included.
fn between(from: &str, to: &str) -> Option<Vec<Comparator>> {
    let bound = |operator: &str, version: &str| {
        let bare = !version.contains(|letter: char| letter.is_whitespace() || "<>=^~".contains(letter));
        let text = format!("{operator}{version}");
        RangeComparator::parse(&text).filter(|_| bare)?.comparator()
    };
    Some(vec![bound(">=", from)?, bound("<=", to)?])
}

fn comparator(text: &str) -> Option<Comparator> {
    let word = RangeComparator::parse(text)?;
    // In npm, only `~` and `^` allow a number behind a wildcard.
    if word.is_cut && word.numbers_behind && !matches!(word.operator, "~" | "~>" | "^") {
        return None;
    }
    word.comparator()
}

/// An operator with a version; parts of the version behind a wildcard are ignored.
struct RangeComparator<'t> {
    text: &'t str,
    operator: &'t str,
    numbers: Vec<&'t str>,
    /// There is a wildcard.
    is_cut: bool,
    /// A number stands behind the wildcard.
    numbers_behind: bool,
}

impl<'t> RangeComparator<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let at = text.find(|letter: char| !"<>=^~".contains(letter))?;
        let (operator, version) = text.split_at(at);
        let version = version.trim_start_matches(['v', 'V']);
        let core = version.split(['-', '+']).next().unwrap_or_default();
        let is_wild = |part: &str| matches!(part, "x" | "X" | "*");
        let parts: Vec<&str> = core.split('.').collect();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let known = ["", "=", "<", "<=", ">", ">=", "^", "~", "~>"].contains(&operator);
        if !known || parts.len() > 3 || !parts.iter().all(|part| is_wild(part) || digits(part)) {
            return None;
        }
        let numbers: Vec<&str> = parts.iter().copied().take_while(|part| !is_wild(part)).collect();
        let numbers_behind = parts[numbers.len()..].iter().any(|part| digits(part));
        let is_cut = numbers.len() < parts.len();
        // A prerelease, as in `1.2.0-rc.1`, requires all three parts.
        let whole = core.len() == version.len() || parts.len() == 3;
        whole.then_some(Self { text, operator, numbers, is_cut, numbers_behind })
    }

    fn comparator(&self) -> Option<Comparator> {
        let operator = self.operator;
        let range = match (operator, self.numbers.as_slice()) {
            ("<" | ">", []) => return Some(Comparator::Nothing),
            (_, []) => Ok(Range::any()),
            // Below the first prerelease of that release, as in npm.
            ("<", [major]) => Range::parse(format!("<{major}.0.0-0")),
            ("<", [major, minor]) => Range::parse(format!("<{major}.{minor}.0-0")),
            (_, numbers) if self.is_cut => Range::parse(format!("{operator}{}", numbers.join("."))),
            _ => Range::parse(self.text),
        };
        range.ok().map(Comparator::Bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> NpmRange {
        NpmRange::parse(text).unwrap_or_else(|| panic!("`{text}` is a range"))
    }

    fn accepted(text: &str, versions: &[&str]) -> Vec<String> {
        let range = range(text);
        let parsed = versions.iter().map(|version| Version::parse(version).expect("a version"));
        parsed.filter(|version| range.satisfies(version)).map(|version| version.to_string()).collect()
    }

    #[test]
    fn comparators_that_exclude_each_other_accept_nothing() {
        let versions = ["0.4.0", "0.13.8", "18.20.8", "20.0.0", "22.23.3", "26.10.0"];
        for text in [">=22 <20", "^22 ^20", "=0.13.8 <0.5", "18 20", ">=22 <20 || ^22 ^20", ">*", "<*", ">20 <20", "<0"]
        {
            assert_eq!(accepted(text, &versions), [""; 0], "{text}");
        }
        for text in [">=22 <20", "^22 ^20", "=0.13.8 <0.5", "18 20", ">=22 <20 || ^22 ^20", ">*", "<*", ">20 <20"] {
            assert!(range(text).is_empty(), "{text}");
        }
        assert_eq!(accepted(">=22 <20 || 18", &versions), ["18.20.8"]);
        for text in [">=18 <20", "*", "", "||", "18 - 20", "<=*", ">=22 <20 || 18", ">=18 >=20 <22 *", "20.0.0 20"] {
            assert!(!range(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn any_comparator_may_name_the_prerelease() {
        let versions = ["1.0.0-rc.1", "1.0.0-rc.3", "1.0.0", "1.1.0-rc.1", "2.0.0-rc.1"];
        assert_eq!(accepted(">=1.0.0-rc.2 >=0.9", &versions), ["1.0.0-rc.3", "1.0.0"]);
        assert_eq!(accepted(">=1.0.0-rc.1 <1.0.0-rc.2", &versions), ["1.0.0-rc.1"]);
        assert_eq!(accepted(">=2.0.0-rc.0 <2", &versions), [""; 0]);
        assert_eq!(accepted("<=1.0.0-rc.9 >=1.0.0-rc.1", &versions), ["1.0.0-rc.1", "1.0.0-rc.3"]);
    }

    #[test]
    fn what_stands_behind_a_wildcard_does_not_count() {
        let versions = ["1.0.0", "1.2.3", "1.9.0", "2.0.0"];
        assert_eq!(accepted("^1.x.3", &versions), ["1.0.0", "1.2.3", "1.9.0"]);
        assert_eq!(accepted("1.x.3 - 1.2", &versions), ["1.0.0", "1.2.3"]);
        for every in ["~*.5.3", "^x", "x - *"] {
            assert_eq!(accepted(every, &versions), versions, "{every}");
        }
    }

    #[test]
    fn an_invalid_word_makes_the_range_invalid() {
        for text in [
            ">=18 banana",
            "1 - 2 <3",
            "1 - >2",
            ">=",
            "^ ",
            "1.2-beta",
            "a",
            ">= >= 1",
            "1 || b",
            "=>1",
            ">1.x.3",
            "*.5",
            "1.2.3.4",
            "1.",
        ] {
            assert!(NpmRange::parse(text).is_none(), "{text}");
        }
    }
}
