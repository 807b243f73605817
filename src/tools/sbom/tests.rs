use serde_json::Value;
use vx_base::package::archive::{Archive, Attested};

use super::*;

fn part(package: &str, file: &str, attested: bool) -> LockedPart {
    let archive = Archive {
        package: package.into(),
        version: "0.27.0".into(),
        file: file.into(),
        digest: "a".repeat(64).parse().ok(),
        ..Archive::default()
    };
    let builder = Attested {
        issuer: "token.actions.githubusercontent.com".into(),
        repository: "github.com/a/b".into(),
        workflow: ".github/workflows/release.yml".into(),
    };
    LockedPart::new(archive, None, None).expect("a digest").attested(attested.then_some(builder))
}

fn inventory() -> Inventory {
    let [one, two, ..] = Platform::ALL;
    let tool = |source, platforms: [(Platform, LockedPart); 2]| LockedTool {
        request: "0".into(),
        version: "0.27.0".into(),
        source,
        instructions: None,
        published: Some(Published::At("2026-01-02T03:04:05Z".parse().expect("a time"))),
        platforms: platforms.into_iter().map(|(platform, part)| (platform, vec![part])).collect(),
    };
    let scoped = || part("@esbuild/linux-x64", "linux-x64-0.27.0.tgz", true);
    let npm = tool(SourceKind::Npm, [(one, scoped()), (two, scoped())]);
    let wheels = [(one, part("Uv_x", "a+b.whl", false)), (two, part("Uv_x", "c.whl", false))];
    let mut lock = Lock::default();
    lock.tools.insert("esbuild".into(), npm);
    lock.tools.insert("uv".into(), tool(SourceKind::Pypi, wheels));
    Inventory::from_lock("demo".into(), &lock, None)
}

/// Every object below a value.
fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(object) => std::iter::once(object).chain(object.values().flat_map(objects)).collect(),
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_record_in_cyclonedx_has_the_required_fields_and_every_reference_leads_somewhere() {
    let document = cyclonedx::document(&inventory());
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let serial = document["serialNumber"].as_str().expect("text").strip_prefix("urn:uuid:").expect("a UUID");
    let lengths: Vec<usize> = serial.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{serial}");
    let all = objects(&document);
    let components = || all.iter().filter(|object| object.contains_key("bom-ref"));
    let references: Vec<&Value> = components().map(|component| &component["bom-ref"]).collect();
    assert_eq!(references.len(), 6, "the project, two tools, three archives: {references:?}");
    assert!(references.iter().enumerate().all(|(at, reference)| !references[..at].contains(reference)));
    for component in components() {
        assert!(component["type"].is_string() && component["name"].is_string(), "{component:?}");
    }
    for dependency in document["dependencies"].as_array().expect("a list") {
        let to = dependency["dependsOn"].as_array().expect("a list");
        assert!(references.contains(&&dependency["ref"]) && to.iter().all(|to| references.contains(&to)));
    }
    for hash in all.iter().filter(|object| object.contains_key("alg")) {
        assert_eq!((&hash["alg"], hash["content"].as_str().map(str::len)), (&"SHA-256".into(), Some(64)));
    }
    let text = document.to_string();
    for held in [
        "\"purl\":\"pkg:npm/%40esbuild/linux-x64@0.27.0\"",
        "\"purl\":\"pkg:pypi/uv-x@0.27.0?file_name=a%2Bb.whl\"",
        "{\"type\":\"vcs\",\"url\":\"https://github.com/a/b\"}",
        "{\"name\":\"vx:built_by\",\"value\":\".github/workflows/release.yml\"}",
        "\"timestamp\":\"2026-01-02T03:04:05Z\"",
    ] {
        assert!(text.contains(held), "{held} is not in {text}");
    }
}

#[test]
fn the_time_of_a_record_is_the_one_that_is_asked_for() {
    let lock = Lock::default();
    let time = |epoch| Inventory::from_lock(String::new(), &lock, epoch).time.to_string();
    assert_eq!(time(Some("1700000000")), "2023-11-14T22:13:20Z");
    assert_eq!((time(None), time(Some("soon"))), ("1970-01-01T00:00:00Z".into(), "1970-01-01T00:00:00Z".into()));
    assert_eq!(inventory().uuid(), inventory().uuid());
}

/// A record of a tool from an address, with these archives.
fn addressed(platforms: Vec<(Platform, LockedPart)>) -> Inventory {
    let tool = LockedTool {
        request: "0".into(),
        version: "0.27.0".into(),
        source: SourceKind::Url,
        instructions: None,
        published: None,
        platforms: platforms.into_iter().map(|(platform, part)| (platform, vec![part])).collect(),
    };
    let mut lock = Lock::default();
    lock.tools.insert("tool".into(), tool);
    Inventory::from_lock("demo".into(), &lock, None)
}

/// An archive of a folder that is named by its platform, as `url` often has them.
fn below(folder: &str, digit: &str) -> LockedPart {
    let archive =
        Archive { digest: digit.repeat(64).parse().ok(), ..part("tool", "tool.tgz", false).archive().clone() };
    LockedPart::new(archive, None, Some(format!("https://files.invalid/{folder}/tool.tgz"))).expect("a digest")
}

#[test]
fn archives_of_one_name_in_two_folders_are_both_in_the_record() {
    let [one, two, ..] = Platform::ALL;
    let inventory = addressed(vec![(one, below("one", "a")), (two, below("two", "b"))]);
    let text = cyclonedx::document(&inventory).to_string();
    for digit in ["a", "b"] {
        assert!(text.contains(&digit.repeat(64)), "{digit} is not in {text}");
    }
    assert_eq!(text.matches("download_url=").count(), 2, "{text}");
    let ordered =
        "pkg:generic/tool@0.27.0?download_url=https%3A%2F%2Ffiles.invalid%2Fone%2Ftool.tgz&file_name=tool.tgz";
    assert!(text.contains(ordered), "{text}");
}

#[test]
fn records_that_differ_in_anything_have_different_names() {
    let [one, two, ..] = Platform::ALL;
    let elsewhere = LockedPart::new(below("a", "a").archive().clone(), None, Some("https://files.invalid/b".into()));
    let elsewhere = elsewhere.expect("a digest");
    let mut renamed = addressed(vec![(one, below("a", "a"))]);
    renamed.tools[0].version = "0.28.0".into();
    let names = [
        addressed(vec![(one, below("a", "a"))]),
        addressed(vec![(two, below("a", "a"))]),
        addressed(vec![(one, below("a", "a")), (two, below("a", "a"))]),
        addressed(vec![(one, elsewhere)]),
        renamed,
    ]
    .map(|inventory| inventory.uuid());
    assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)), "{names:?}");
}
