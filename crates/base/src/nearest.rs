//! Near misses: the known names that are most similar to an unknown word.

/// The known names most like `wanted`, nearest first, at most three; empty when nothing is near.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// The known names that are one typing error away from `wanted`: a letter added, missing or wrong, or two exchanged.
///
/// For an unknown tool only these are suggested, because a program with a merely similar name is a different program.
/// The first letter is seldom the wrong one (`sd` is not a misspelled `fd`), and a name of two letters is one letter
/// away from many others.
pub fn near_misses<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    if wanted.chars().count() < 3 {
        return Vec::new();
    }
    let is_slip = |name: &&str| {
        let (name, first) = (name.to_lowercase(), wanted.chars().next());
        let exchanged = name.chars().nth(1) == first && name.chars().next() == wanted.chars().nth(1);
        strsim::osa_distance(&wanted, &name) == 1 && (name.chars().next() == first || exchanged)
    };
    let mut near: Vec<&str> = known.into_iter().filter(is_slip).collect();
    near.sort_unstable();
    near.dedup();
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_one_slip_away() {
        let known = ["node", "deno", "go", "git", "cmake", "fd", "esbuild", "meson"];
        for (wanted, name) in [("ndoe", "node"), ("onde", "node"), ("nodee", "node"), ("esbild", "esbuild")] {
            assert_eq!(near_misses(wanted, known), [name], "{wanted}");
        }
        for other in ["git-cliff", "moon", "make", "sd", "jq", "gi", "node", "gleam", ""] {
            assert!(near_misses(other, known).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_typing_mistake_finds_the_name_that_was_meant() {
        assert_eq!(nearest("nodee", ["node", "deno", "go"]).first(), Some(&"node"));
        assert_eq!(nearest("Biom", ["biome", "bun"]).first(), Some(&"biome"));
    }

    #[test]
    fn a_word_unlike_all_names_suggests_nothing() {
        assert!(nearest("quux", ["node", "deno", "go"]).is_empty());
    }
}
