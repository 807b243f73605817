//! Detects Python-style conditions that exclude each other, such as `==1,==2`.

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use super::meets;

/// Whether no version can meet all these conditions.
///
/// Between two neighbouring borders of the conditions, either all versions meet them or none does. So it is enough to
/// try each border, a version right above each, and the lowest version. Conditions on prereleases and the like are not
/// judged.
pub(super) fn is_empty(specifiers: &VersionSpecifiers) -> bool {
    let judged = |one: &VersionSpecifier| {
        let plain = Version::new(one.version().release().iter().copied());
        *one.operator() != Operator::ExactEqual && plain == *one.version()
    };
    if !specifiers.iter().all(judged) {
        return false;
    }
    let borders: Vec<Vec<u64>> = specifiers.iter().flat_map(borders).collect();
    let longest = borders.iter().map(Vec::len).max().unwrap_or_default();
    let above = |border: &Vec<u64>| {
        let mut parts = border.clone();
        parts.resize(longest, 0);
        parts.push(1);
        parts
    };
    let tried = borders.iter().map(above).chain(borders.iter().cloned()).chain([vec![0]]);
    !tried.into_iter().any(|parts| meets(specifiers, &Version::new(parts)))
}

/// List the versions at which the answer of a condition changes.
fn borders(one: &VersionSpecifier) -> Vec<Vec<u64>> {
    let own = one.version().release().to_vec();
    let counted = match one.operator() {
        Operator::EqualStar | Operator::NotEqualStar => own.len(),
        Operator::TildeEqual => own.len().saturating_sub(1),
        _ => 0,
    };
    let mut end = own[..counted].to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    [own, end].into_iter().filter(|border| !border.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn empty(text: &str, expected: bool) {
        assert_eq!(is_empty(&text.parse().expect("conditions")), expected, "{text}");
    }

    #[test]
    fn conditions_that_exclude_each_other_are_empty() {
        for text in
            ["==1,==2", "==1.*,==2.*", ">=2,<2", "~=1.4,>=2", "==1.4,!=1.4", "==1.*,!=1.*", ">1.4,<1.4.0", "<1,>=1,!=3"]
        {
            empty(text, true);
        }
    }

    #[test]
    fn conditions_that_leave_something_are_not_empty() {
        for text in [
            "==1",
            "!=2.0.20,!=0.2.*,<=0",
            "==1,==1.0",
            "==1.*,==1.4.*",
            ">=1,<1.0.0.1",
            ">1.4,<1.4.0.1",
            "~=1.4.2,<1.5",
            "!=1,!=2",
            "<1",
            ">=1,<2,!=1.0,!=1.5.*",
            ">1.0a1,<1.0a3",
            ">1.0.post1,<1.0.post3",
            "===1",
        ] {
            empty(text, false);
        }
    }
}
