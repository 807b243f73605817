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

#[cfg(test)]
mod tests {
    use super::*;

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
