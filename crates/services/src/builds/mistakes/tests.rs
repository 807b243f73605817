//! The texts in `printed/` were printed by the programs themselves: go 1.27, rustc 1.95, tsc 7.0, esbuild 0.28.

use super::*;

/// A mistake as `FILE:LINE:COLUMN: MESSAGE`.
fn shown(mistake: &Mistake) -> String {
    match &mistake.place {
        Some(MistakeLocation { file, line, column }) => format!("{file}:{line}:{column}: {}", mistake.message),
        None => mistake.message.clone(),
    }
}

fn read(form: MistakeFormat, pieces: &[&[u8]]) -> Vec<String> {
    let mut mistakes = Mistakes::with_format(form);
    pieces.iter().for_each(|piece| mistakes.output(piece));
    mistakes.finish().iter().map(shown).collect()
}

/// Check the mistakes of an output, at once and in pieces.
fn check(form: &MistakeFormat, text: &str, expected: &[&str]) {
    assert_eq!(read(form.clone(), &[text.as_bytes()]), expected, "{text}");
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(7).collect();
    assert_eq!(read(form.clone(), &pieces), expected, "in pieces: {text}");
}

#[test]
fn mistakes_in_go_have_their_exact_places() {
    check(
        &MistakeFormat::Go,
        include_str!("printed/go-build.txt"),
        &[
            "sub/a.go:4:2: declared and not used: a",
            "sub/a.go:5:2: declared and not used: b",
            "sub/a.go:6:2: declared and not used: c",
            "sub/a.go:7:2: declared and not used: d",
            "sub/a.go:8:2: declared and not used: e",
            "sub/a.go:9:2: declared and not used: f",
            "sub/a.go:10:2: declared and not used: g",
            "sub/a.go:11:2: declared and not used: h",
            "sub/a.go:12:2: declared and not used: i",
            "sub/a.go:13:2: declared and not used: j",
            "syn/s.go:3:9: syntax error: unexpected {, expected )",
            "main.go:5:2: \"os\" imported and not used",
            "main.go:11:6: declared and not used: x",
            "main.go:11:14: cannot use \"text\" (untyped string constant) as int value in variable declaration",
            "main.go:12:14: undefined: undefined1",
            "main.go:13:6: not enough arguments in call to add\nhave (number)\nwant (int, string)",
            "main.go:14:9: too many return values\nhave (number)\nwant ()",
        ],
    );
    check(&MistakeFormat::Go, include_str!("printed/go-vet.txt"), &["sub/a.go:4:2: declared and not used: a"]);
}

#[test]
fn mistakes_in_modules_of_go_keep_their_message() {
    check(
        &MistakeFormat::Go,
        include_str!("printed/go-module.txt"),
        &[
            "main.go:4:2: no required module provides package github.com/nobody/nothing; to add it:\n\
             go get github.com/nobody/nothing",
            "main.go:5:2: package notstd/pkg is not in std (/go/src/notstd/pkg)",
        ],
    );
    check(
        &MistakeFormat::Go,
        include_str!("printed/go-mod-syntax.txt"),
        &["go.mod:3:0: unknown directive: frobnicate"],
    );
    let none = "go.mod file not found in current directory or any parent directory; see 'go help modules'";
    check(&MistakeFormat::Go, include_str!("printed/go-none.txt"), &[none]);
    let cycle = "package example.com/a\n\timports example.com/b\n\timports example.com/a: import cycle not allowed\n";
    let joined = "package example.com/a\nimports example.com/b\nimports example.com/a: import cycle not allowed";
    check(&MistakeFormat::Go, cycle, &[joined]);
}

#[test]
fn lines_of_go_that_are_no_mistakes_are_none() {
    let text = "go: downloading example.com/x v1.2.3\n# example.com/shop\n2026/11/23 10:20:30: started\n\
        listening on 127.0.0.1:8080: ok\nmain.go: no place\n\tgoes on\nx.go:3:1: too many errors\n";
    check(&MistakeFormat::Go, text, &[]);
    check(&MistakeFormat::Go, "errors parsing go.mod:\ngo: errors parsing go.mod:\n", &["errors parsing go.mod:"]);
}

#[test]
fn drives_and_places_without_a_column_are_read_right() {
    let text = "C:\\x.go:3:4: undefined: y\r\nC:\\a b\\x.go:5: no column\na/b.go:7:0: generated\nc.go:0: whole file\n";
    let expected =
        ["C:\\x.go:3:4: undefined: y", "C:\\a b\\x.go:5:0: no column", "a/b.go:7:1: generated", "c.go:1:0: whole file"];
    check(&MistakeFormat::Go, text, &expected);
    let rust = "error: expected expression\r\n  --> C:\\x\\main.rs:3:4\r\n";
    check(&MistakeFormat::Rustc, rust, &["C:\\x\\main.rs:3:4: expected expression"]);
}

#[test]
fn mistakes_in_rust_have_their_exact_places() {
    let long = [
        "other.rs:3:5: E0432: unresolved import `nothing`",
        "main2.rs:5:13: E0425: cannot find value `missing` in this scope",
        "other.rs:1:24: E0308: mismatched types",
        "main2.rs:3:18: E0308: mismatched types",
        "other.rs:2:40: E0382: borrow of moved value: `v`",
    ];
    check(&MistakeFormat::Rustc, include_str!("printed/rustc.txt"), &long);
    let syntax = "main.rs:6:13: mismatched closing delimiter: `}`";
    check(&MistakeFormat::Rustc, include_str!("printed/rustc-syntax.txt"), &[syntax]);
    let colours =
        ["src/other.rs:1:24: E0308: mismatched types", "src/other.rs:2:40: E0382: borrow of moved value: `v`"];
    check(&MistakeFormat::Rustc, include_str!("printed/cargo-colour.txt"), &colours);
    let short = read(MistakeFormat::Rustc, &[include_str!("printed/rustc-short.txt").as_bytes()]);
    assert_eq!(short.len(), 5);
    assert_eq!(short[2], "other.rs:1:24: E0308: mismatched types: expected `String`, found integer");
}

#[test]
fn mistakes_of_a_build_in_rust_without_a_place_are_kept() {
    let linker = "error: linking with `cc` failed: exit status: 1\n  |\n  = note: some arguments\n\n\
        error: could not compile `shop` (bin \"shop\") due to 1 previous error\n";
    check(&MistakeFormat::Rustc, linker, &["linking with `cc` failed: exit status: 1"]);
}

#[test]
fn mistakes_in_typescript_have_their_exact_places() {
    let expected = [
        "a.ts:1:7: TS2322: Type 'string' is not assignable to type 'number'.",
        "a.ts:3:27: TS2322: Type 'number' is not assignable to type 'string'.",
        "a.ts:5:8: TS2554: Expected 1 arguments, but got 2.",
        "src/b.tsx:1:22: TS2307: Cannot find module './missing' or its corresponding type declarations.",
        "src/b.tsx:2:18: TS2304: Cannot find name 'unbekannt'.",
        "src/b.tsx:3:5: TS2322: Type '{ y: { z: number; }; }' is not assignable to type '{ y: { z: string; }; }'.\n  \
         The types of 'y.z' are incompatible between these types.\n    \
         Type 'number' is not assignable to type 'string'.",
    ];
    check(&MistakeFormat::Tsc, include_str!("printed/tsc-plain.txt"), &expected);
    check(&MistakeFormat::Tsc, include_str!("printed/tsc-pretty.txt"), &expected);
    check(&MistakeFormat::Tsc, "src/(group)/page.tsx(3,5): error TS1: No.\n", &["src/(group)/page.tsx:3:5: TS1: No."]);
    let none = read(MistakeFormat::Tsc, &[include_str!("printed/tsc-none.txt").as_bytes()]);
    assert_eq!(none.len(), 2);
    assert!(none[1].starts_with("TS18003: No inputs were found in config file"), "{none:?}");
}

#[test]
fn columns_of_esbuild_are_counted_from_1() {
    check(&MistakeFormat::Esbuild, include_str!("printed/esbuild-a.txt"), &["a.js:2:11: Unexpected \";\""]);
    check(
        &MistakeFormat::Esbuild,
        include_str!("printed/esbuild-b.txt"),
        &[
            "b.js:2:48: Cannot assign to \"q\" because it is a constant",
            "b.js:1:16: Could not resolve \"./gone\"",
            "b.css:1:17: Could not resolve \"./missing.png\"",
        ],
    );
    check(&MistakeFormat::Esbuild, include_str!("printed/esbuild-none.txt"), &["Could not resolve \"none.js\""]);
    let first = "X [ERROR] Expected identifier\n\n    a.js:1:0:\n      1 │ ;\n\n▲ [WARNING] Unused\n\n    a.js:2:3:\n";
    check(&MistakeFormat::Esbuild, first, &["a.js:1:1: Expected identifier"]);
}

#[test]
fn a_pattern_of_the_users_own_finds_mistakes() {
    let pattern = OwnPattern::new(r"^(?<file>\S+)@(?<line>\d+)(\.(?<column>\d+))?( (?<message>.*))?$");
    let form = MistakeFormat::Own(pattern.expect("a pattern"));
    let text = "a.x@3.4 wrong\nb.x@5\nnothing\na.x@3.4 wrong\nc.x@99999999999 far\n";
    check(&form, text, &["a.x:3:4: wrong", "b.x:5:0: b.x@5"]);
    for (text, expected) in [
        ("(", "nor a regular expression"),
        ("rust", "no group `(?<file>…)`"),
        ("(?<file>x)", "no group `(?<line>…)`"),
        ("(?<file>x)(?<line>y)(?<row>z)", "has the group `row`"),
    ] {
        let error = OwnPattern::new(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(MistakeFormat::named("go").is_some() && MistakeFormat::named("rust").is_none());
}

#[test]
fn a_flood_of_mistakes_is_bounded() {
    let mut mistakes = Mistakes::with_format(MistakeFormat::Go);
    for number in 1..1500 {
        mistakes.output(format!("a.go:{number}:1: {}\n", "x".repeat(9_000)).as_bytes());
        mistakes.output("\tmore\n".repeat(10).as_bytes());
    }
    let mistakes = mistakes.finish();
    assert_eq!(mistakes.len(), 1000);
    assert!(mistakes.iter().all(|mistake| mistake.message.len() <= 4096));
}
