//! Words that only some places may use, and words that some places must not use.

use super::imports::Names;
use super::source::{code, rust_files, shown, text, texts};
use super::{KEPT_FROM, KEPT_TO, PACKAGES, TEXTS_KEPT_FROM};

/// The words in this source that this file may not use.
fn misplaced(file: &str, source: &str) -> Vec<String> {
    let (code, texts) = (code(source), texts(source));
    // `use a::{b, c}` uses `a::b`, too.
    let imported = Names::parse(&code).imports.into_iter().map(|import| import.path.join("::"));
    let code = imported.fold(code, |code, path| code + "\n" + &path);
    let within = |places: &[&str]| places.iter().any(|place| file.starts_with(place));
    let kept_to = KEPT_TO.iter().filter(|(word, places)| code.contains(word) && !within(places));
    let there = KEPT_FROM.iter().map(|rule| (rule, &code)).chain(TEXTS_KEPT_FROM.iter().map(|rule| (rule, &texts)));
    let there = there.filter(|((place, _), _)| within(&[place]));
    let kept_from = there.flat_map(|((place, words), within)| {
        words.iter().filter(|word| within.contains(**word)).map(move |word| (place, word))
    });
    let mut faults: Vec<String> =
        kept_to.map(|(word, places)| format!("{file} uses `{word}`, which is kept to {}", places.join(", "))).collect();
    faults.extend(kept_from.map(|(place, word)| format!("{file} uses `{word}`, which nothing under {place} may")));
    faults
}

#[test]
fn each_word_stays_in_its_place() {
    let faults: Vec<String> = PACKAGES
        .iter()
        .flat_map(|package| rust_files(&package.sources()))
        .flat_map(|file| misplaced(&shown(&file), &text(&file)))
        .collect();
    assert!(faults.is_empty(), "out of place:\n{}", faults.join("\n"));
}

#[test]
fn misplaced_words_are_seen() {
    for (file, code) in [
        ("crates/plan/src/plan.rs", "use clap::Parser;"),
        ("src/doors/cli/installs/sync.rs", "std::process::Command::new(x)"),
        ("crates/plan/src/plan.rs", "eprintln!()"),
        ("crates/plan/src/plan.rs", "use vx_tui::DashboardOptions;"),
        ("src/tools/installs/syncing.rs", "println!()"),
        ("src/tools/installs/syncing.rs", "print::note(x)"),
        ("src/tools/installs/syncing.rs", "let x = io::stdout().lock();"),
        ("src/tools/installs/syncing.rs", "writeln!(std::io::stderr(), x)"),
        ("src/workspace/mod.rs", "fn x(_: clap::ArgMatches)"),
        ("src/running/scripts.rs", "std::env::set_current_dir(x)?;"),
        ("src/running/scripts.rs", "use vx_process::{foreground, replace};"),
        ("src/workspace/error.rs", "Some(\"name it with `--shell`\".into())"),
        ("status/src/lines.rs", "use std::fs::OpenOptions;"),
        ("status/src/lines.rs", "use std::{env, fs};"),
        ("status/src/plain.rs", "io::stderr().lock()"),
        ("status/src/appearance.rs", "use ratatui::style::Style;"),
    ] {
        assert!(!misplaced(file, code).is_empty(), "{file}: {code}");
    }
    for (file, code) in [
        ("src/doors/cli/args.rs", "use clap::Parser;"),
        ("src/doors/cli/output/print.rs", "println!()"),
        ("src/tools/installs/syncing.rs", "fn blueprint(_: &Footprint)"),
        ("src/workspace/error.rs", "\"`vx sync --force` installs it\" // `--shell`"),
        ("src/doors/cli/programs/env.rs", "\"name it with `--shell`\""),
        ("src/workbench.rs", "io::stdout()"),
    ] {
        assert_eq!(misplaced(file, code), [""; 0], "{file}: {code}");
    }
}
