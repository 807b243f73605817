use proptest::prelude::*;

use super::*;

const NODE: [&str; 8] = ["18.0.0", "18.20.8", "20.0.0", "20.0.1", "20.20.2", "22.0.0", "22.23.3", "26.10.0"];

fn node() -> Vec<Candidate> {
    NODE.iter()
        .map(|version| {
            let lts = match version.split('.').next() {
                Some("18") => Some("hydrogen"),
                Some("20") => Some("iron"),
                Some("22") => Some("jod"),
                _ => None,
            };
            Candidate { lts: lts.map(str::to_owned), ..Candidate::new(*version, Scheme::Semver) }
        })
        .collect()
}

fn plain(versions: &[&str], scheme: Scheme) -> Vec<Candidate> {
    versions.iter().map(|version| Candidate::new(*version, scheme)).collect()
}

fn chosen(request: &str, candidates: &[Candidate]) -> String {
    match VersionRequest::parse(request) {
        Ok(request) => request.choose(candidates).map_or_else(|miss| miss.to_string(), |found| found.version.clone()),
        Err(bad) => bad.to_string(),
    }
}

#[test]
fn every_form_of_request_chooses_the_version_in_the_table() {
    let table = [
        ("latest", "26.10.0"),
        ("Latest", "26.10.0"),
        ("stable", "26.10.0"),
        ("lts", "22.23.3"),
        ("lts/*", "22.23.3"),
        ("lts/hydrogen", "18.20.8"),
        ("lts/Iron", "20.20.2"),
        ("20", "20.20.2"),
        ("20.x", "20.20.2"),
        ("20.*", "20.20.2"),
        ("~20", "20.20.2"),
        ("v20", "20.20.2"),
        ("20.0", "20.0.1"),
        ("~20.0", "20.0.1"),
        ("20.0.x", "20.0.1"),
        ("^20", "20.20.2"),
        (">=18,<20", "18.20.8"),
        (">=18 <20", "18.20.8"),
        (">=18, <20", "18.20.8"),
        (">= 18 < 20", "18.20.8"),
        ("^20 || ^22", "22.23.3"),
        ("18||20", "20.20.2"),
        ("18 - 20", "20.20.2"),
        (">=18", "26.10.0"),
        ("*", "26.10.0"),
        ("x", "26.10.0"),
        ("=20.0.0", "20.0.0"),
        ("20.0.0", "20.0.0"),
        ("v20.0.0", "20.0.0"),
        ("  20.0.0 ", "20.0.0"),
        ("<=20", "20.20.2"),
        (">20", "26.10.0"),
        ("~=20.0", "20.20.2"),
        ("==20.0.*", "20.0.1"),
        (">=18,!=26.10.0", "22.23.3"),
        ("system", "26.10.0"),
    ];
    for (request, answer) in table {
        assert_eq!(chosen(request, &node()), answer, "{request}");
    }
}

#[test]
fn four_parts_order_by_number_and_answer_to_three() {
    let cmake = plain(&["3.9.0", "3.31.0.1", "3.31.0.10", "3.31.0.9", "3.30.5"], Scheme::Python);
    assert_eq!(chosen("latest", &cmake), "3.31.0.10");
    assert_eq!(chosen("3.31.0", &cmake), "3.31.0.10");
    assert_eq!(chosen("3.31", &cmake), "3.31.0.10");
    assert_eq!(chosen("3.31.0.1", &cmake), "3.31.0.1");
    assert_eq!(chosen("=3.31.0.1", &cmake), "3.31.0.1");
    assert_eq!(chosen("3.31.0.x", &cmake), "3.31.0.10");
    assert_eq!(chosen("<3.31.0.10", &cmake), "3.31.0.9");
    assert_eq!(chosen(">=3.30,<3.31", &cmake), "3.30.5");
    let with_plain = plain(&["3.31.0", "3.31.0.1"], Scheme::Python);
    assert_eq!(chosen("3.31.0", &with_plain), "3.31.0");
    assert_eq!(chosen("3.31", &with_plain), "3.31.0.1");
}

#[test]
fn prereleases_answer_only_a_request_that_names_one() {
    let npm = plain(&["1.0.0", "1.1.0-rc.1", "1.1.0-rc.10", "1.1.0-rc.9"], Scheme::Semver);
    for request in ["latest", "1", "*", ">=1.0.0", "^1"] {
        assert_eq!(chosen(request, &npm), "1.0.0", "{request}");
    }
    assert_eq!(chosen("1.1.0-rc.1", &npm), "1.1.0-rc.1");
    assert_eq!(chosen(">=1.1.0-rc.1", &npm), "1.1.0-rc.10");
    let python = plain(&["1.0.0", "1.1.0rc1", "1.1.0rc10", "1.1.0rc9", "1.2.dev3", "1.0.0.post1"], Scheme::Python);
    for request in ["latest", "1", "*", ">=1.0.0", "^1", "~=1.0"] {
        assert_eq!(chosen(request, &python), "1.0.0.post1", "{request}");
    }
    assert_eq!(chosen("1.1.0rc1", &python), "1.1.0rc1");
    assert_eq!(chosen(">=1.1.0rc1", &python), "1.1.0rc10");
    assert_eq!(chosen("1.1.0-rc.9", &python), "1.1.0rc9");
    assert_eq!(chosen("1.2.dev3", &python), "1.2.dev3");
}

#[test]
fn a_dash_and_a_number_is_a_prerelease_for_npm() {
    assert_eq!(chosen("latest", &plain(&["1.0.0", "1.0.1-1"], Scheme::Semver)), "1.0.0");
}

#[test]
fn yanked_answers_only_its_exact_version_and_deprecated_comes_last() {
    let mut list = plain(&["1.0.0", "1.1.0", "1.2.0"], Scheme::Python);
    list[2].yanked = true;
    list[1].deprecated = true;
    assert_eq!(chosen("latest", &list), "1.0.0");
    assert_eq!(chosen(">1.0.0", &list), "1.1.0");
    assert_eq!(chosen("1.2.0", &list), "1.2.0");
    assert_eq!(chosen("==1.2.0", &list), "1.2.0");
    assert_eq!(chosen("1.2", &list), "no version matches `1.2`");
}

#[test]
fn an_invalid_request_is_refused_whole() {
    for text in [
        "",
        " ",
        "20.",
        ">=18 banana",
        "20 || banana",
        "||",
        "20 ||",
        "^",
        ">=",
        "lts/",
        "a.b.c",
        "^3.31.0.1",
        "é",
        "20 21.",
        ">=18 <",
        "=>18",
        "1..2",
    ] {
        assert_eq!(VersionRequest::parse(text).err(), Some(BadRequest(text.trim().to_owned())), "{text}");
    }
}

#[test]
fn a_word_that_names_no_version_is_an_error_of_its_tool() {
    for text in [
        "foo",
        "nightly",
        "nightly-2026-01-01",
        "v",
        "21-tem",
        "openjdk@21",
        "1.29/stable",
        "release-1.2",
        "3.12t",
        "ref:main",
    ] {
        let miss = VersionRequest::parse(text).expect("a request").choose(&node()).expect_err("nothing matches");
        assert_eq!((miss.miss.clone(), miss.kind()), (Miss::UnknownWord, TroubleKind::Configuration), "{text}");
        assert!(miss.to_string().contains(&format!("`{text}` is not a version")), "{miss}");
        assert!(!VersionRequest::parse(text).expect("a request").matches("1.0.0", Scheme::Python));
    }
}

#[test]
fn a_miss_names_the_nearest_versions() {
    let miss = VersionRequest::parse("20.99").unwrap().choose(&node()).unwrap_err();
    assert_eq!(miss.miss, Miss::NothingInRange);
    assert_eq!(miss.nearest, ["20.0.1", "20.20.2", "22.0.0", "22.23.3"]);
    assert_eq!(miss.hint().unwrap(), "the nearest that exist are 20.0.1, 20.20.2, 22.0.0, 22.23.3");
    let far = VersionRequest::parse("99").unwrap().choose(&node()).unwrap_err();
    assert_eq!(far.nearest, ["22.23.3", "26.10.0"]);
}

#[test]
fn a_range_whose_parts_exclude_each_other_is_satisfied_by_nothing_and_says_so() {
    for text in [">=22 <20", "^22 ^20", ">=22, <20", "=20.0.0 <18", "18 20", "==1,==2", "~=20.0,<20", "==20.*,!=20.*"] {
        let miss = VersionRequest::parse(text).expect("a request").choose(&node()).expect_err("nothing matches");
        assert_eq!((miss.miss.clone(), miss.kind()), (Miss::EmptyRange, TroubleKind::Configuration), "{text}");
        assert_eq!(miss.to_string(), format!("no version can match `{text}`: its parts exclude each other"));
        assert!(miss.hint().is_some_and(|hint| hint.contains("`||`")), "{text}");
    }
    assert_eq!(chosen(">=22 <20 || 18", &node()), "18.20.8");
}

#[test]
fn a_range_between_two_versions_and_a_pattern_are_not_taken_for_exact_versions() {
    assert_eq!(chosen("18.0.0 - 20.0.1", &node()), "20.0.1");
    assert_eq!(chosen("18.0.0 || 20.0.0", &node()), "20.0.0");
    let python = plain(&["1", "1.2", "1.10.3"], Scheme::Python);
    assert_eq!(chosen("==1.10.*", &python), "1.10.3");
    assert_eq!(chosen("==1.10.*", &python[..2]), "no version matches `==1.10.*`");
    assert_eq!(chosen("!=1.10.*", &python), "1.2");
    assert_eq!(chosen("~=1.1", &python[..1]), "no version matches `~=1.1`");
}

#[test]
fn a_prerelease_of_npm_is_not_a_fourth_number() {
    let versions = plain(&["2.1.2-beta.2", "2.1.2-beta.3", "2.2.0", "20.0.10-rc.10"], Scheme::Semver);
    assert_eq!(chosen(">=2.1.2-beta.2", &versions), "2.2.0");
    assert_eq!(chosen("<2.1.2-beta.3", &versions), "2.1.2-beta.2");
    assert_eq!(chosen("!=3,<1.20rc1", &plain(&["1.19", "1.20.dev3"], Scheme::Python)), "1.20.dev3");
}

#[test]
fn a_prerelease_that_is_left_out_asks_for_no_others() {
    let versions = plain(&["1.0", "1.1rc1", "1.1rc2"], Scheme::Python);
    assert_eq!(chosen(">=1,!=1.1rc1", &versions), "1.0");
    assert_eq!(chosen(">=1.1rc1,!=1.1rc2", &versions), "1.1rc1");
}

#[test]
fn an_unknown_codename_lists_the_known_ones() {
    let miss = VersionRequest::parse("lts/foo").unwrap().choose(&node()).unwrap_err();
    assert_eq!(miss.miss, Miss::UnknownCodename(vec!["jod".into(), "iron".into(), "hydrogen".into()]));
    let none = VersionRequest::parse("lts").unwrap().choose(&plain(&["1.0.0"], Scheme::Semver)).unwrap_err();
    assert_eq!(none.miss, Miss::NoSupportLines);
}

#[test]
fn prereleases_alone_are_reported_and_named() {
    let miss =
        VersionRequest::parse("2").unwrap().choose(&plain(&["1.0.0", "2.0.0-rc.1"], Scheme::Semver)).unwrap_err();
    assert_eq!((miss.miss, miss.nearest), (Miss::OnlyPrereleases, vec!["2.0.0-rc.1".to_owned()]));
    let empty = VersionRequest::parse("2").unwrap().choose(&[]).unwrap_err();
    assert_eq!(empty.miss, Miss::NothingOffered);
}

#[test]
fn a_version_from_path_is_compared_with_the_request() {
    assert!(VersionRequest::parse(">=18").unwrap().matches("20.1.0", Scheme::Python));
    assert!(!VersionRequest::parse("^18").unwrap().matches("20.1", Scheme::Python));
    assert!(VersionRequest::parse("system").unwrap().matches("3.31.0.1", Scheme::Python));
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[\\PC]{0,24}", versions in prop::collection::vec("[0-9a-z.\\-+]{0,12}", 0..6)) {
        for scheme in [Scheme::Semver, Scheme::Python] {
            let candidates: Vec<Candidate> = versions.iter().map(|version| Candidate::new(version.as_str(), scheme)).collect();
            if let Ok(request) = VersionRequest::parse(&text) {
                let _ = request.choose(&candidates).map_err(|miss| (miss.to_string(), miss.hint()));
            }
        }
    }

    #[test]
    fn request_like_text_is_answered_without_a_panic(text in "[0-9.x*<>=~^| v,a-c!-]{0,16}") {
        if let Ok(request) = VersionRequest::parse(&text) {
            let _ = request.choose(&node()).map_err(|miss| (miss.to_string(), miss.hint()));
        }
    }

    #[test]
    fn the_answer_is_the_newest_that_a_caret_allows(
        triples in prop::collection::vec((1u64..5, 0u64..5, 0u64..5), 1..20), major in 1u64..5, python in any::<bool>(),
    ) {
        let scheme = if python { Scheme::Python } else { Scheme::Semver };
        let candidates: Vec<Candidate> =
            triples.iter().map(|(a, b, c)| Candidate::new(format!("{a}.{b}.{c}"), scheme)).collect();
        let newest = triples.iter().filter(|triple| triple.0 == major).max();
        let found = VersionRequest::parse(&format!("^{major}")).unwrap().choose(&candidates).ok().map(|found| found.version.clone());
        prop_assert_eq!(found, newest.map(|(a, b, c)| format!("{a}.{b}.{c}")));
    }

    #[test]
    fn an_exact_request_finds_its_version(numbers in prop::collection::vec(0u64..1000, 4..5), others in prop::collection::vec(0u64..9, 4..5)) {
        let write = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        let candidates = plain(&[&write(&others), &write(&numbers)], Scheme::Python);
        prop_assert_eq!(chosen(&write(&numbers), &candidates), write(&numbers));
    }
}
