//! Faulty registries: each fault gives, in bounded time, an error that names it.

use std::time::{Duration, Instant};

use super::*;

/// Serve this reply as a registry's document of esbuild. Returns the result of a request for the versions.
fn esbuild_with(reply: Reply) -> (Result<Vec<Artifact>, SourceError>, usize) {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let path = npm_path("@esbuild/linux-x64");
    registry.server().serve(&path, reply);
    let outcome = resolve(&Setting::of(&registry).sources(), "esbuild", "latest");
    (outcome, registry.server().requests_for(&path).len())
}

fn document() -> String {
    let dist = r#"{"tarball":"http://127.0.0.1:9/x.tgz","integrity":"sha512-"#;
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [1u8; 64]);
    format!(r#"{{"versions":{{"1.0.0":{{"dist":{dist}{digest}"}}}}}}}}"#)
}

#[test]
fn a_passing_fault_is_asked_again() {
    for trouble in [
        Reply::status(503),
        Reply::status(429).header("Retry-After", "1"),
        Reply::status(408),
        Reply::json(document()).reset_after(20),
        Reply::json(document()).content_length(10_000).reset_after(50),
    ] {
        let (outcome, asked) = esbuild_with(Reply::sequence([trouble, Reply::json(document())]));
        assert_eq!(outcome.map(|artifacts| artifacts[0].archive.version.clone()), Ok("1.0.0".into()));
        assert_eq!(asked, 2);
    }
}

#[test]
fn a_lasting_fault_is_named_after_a_few_tries() {
    for (status, kind, tries) in [
        (503, SourceErrorKind::Status(503), 4),
        (418, SourceErrorKind::Status(418), 1),
        (401, SourceErrorKind::NotAllowed(401), 1),
        (403, SourceErrorKind::NotAllowed(403), 1),
        (404, SourceErrorKind::NoSuchPackage, 1),
    ] {
        let (outcome, asked) = esbuild_with(Reply::status(status));
        let error = outcome.unwrap_err();
        assert_eq!((error.kind.clone(), asked), (kind, tries));
        assert!(error.to_string().contains("@esbuild/linux-x64") && error.to_string().contains("127.0.0.1"), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_portals_page_is_not_taken_for_a_registry() {
    for reply in [Reply::html("<html><body>Sign in to the hotel"), Reply::ok("  <!doctype html>")] {
        assert_eq!(esbuild_with(reply).0.unwrap_err().kind, SourceErrorKind::WebPage);
    }
    let registry = Registry::start();
    registry.server().serve(&page_path("uv"), Reply::html("<html><a href=\"/login\">Sign in</a>"));
    let error = resolve(&Setting::of(&registry).sources(), "uv", "latest").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::WebPage);
}

/// A document as gzip, cut into this many members.
fn gzip(text: &str, members: usize) -> Vec<u8> {
    let member = |piece: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, piece).expect("memory");
        encoder.finish().expect("memory")
    };
    text.as_bytes().chunks(text.len().div_ceil(members)).flat_map(member).collect()
}

#[test]
fn a_compressed_answer_is_asked_for_and_read() {
    for members in [1, 3] {
        let compressed = Reply::choose(move |request| {
            assert!(request.header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip")));
            Reply::json(gzip(&document(), members)).header("Content-Encoding", "gzip")
        });
        let (outcome, asked) = esbuild_with(compressed);
        assert_eq!(outcome.map(|artifacts| artifacts[0].archive.version.clone()), Ok("1.0.0".into()));
        assert_eq!(asked, 1);
    }
}

#[test]
fn a_compressed_answer_that_is_damaged_is_named_and_one_that_is_cut_is_asked_for_again() {
    let compressed = gzip(&document(), 1);
    let mut damaged = compressed.clone();
    damaged[20] ^= 0x10;
    let (outcome, asked) = esbuild_with(Reply::json(damaged).header("Content-Encoding", "gzip"));
    assert!(matches!(outcome.unwrap_err().kind, SourceErrorKind::Garbage(_)));
    assert_eq!(asked, 1);
    let cut = Reply::json(&compressed[..40]).header("Content-Encoding", "gzip");
    let whole = Reply::json(compressed.clone()).header("Content-Encoding", "gzip");
    let (outcome, asked) = esbuild_with(Reply::sequence([cut, whole]));
    assert_eq!((outcome.map(|artifacts| artifacts.len()), asked), (Ok(1), 2));
}

#[test]
fn answers_that_make_no_sense_are_named_and_not_kept() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let setting = Setting::of(&registry);
    let path = npm_path("@esbuild/linux-x64");
    for garbage in ["", "{", "[]", "{\"versions\": 3}", "{\"versions\":{\"1.0.0\":{}}}"] {
        registry.server().serve(&path, Reply::json(garbage));
        let error = resolve(&setting.sources(), "esbuild", "latest").unwrap_err();
        assert!(matches!(error.kind, SourceErrorKind::Garbage(_)), "{error}");
    }
    registry.offer("esbuild", "0.28.3");
    assert_eq!(resolve(&setting.sources(), "esbuild", "latest").unwrap()[0].archive.version, "0.28.3");
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let huge = vec![b' '; 3 << 20];
    assert_eq!(esbuild_with(Reply::json(huge)).0.unwrap_err().kind, SourceErrorKind::TooLarge(1 << 20));
}

#[test]
fn a_silent_server_is_given_up_in_bounded_time() {
    let began = Instant::now();
    let (outcome, asked) = esbuild_with(Reply::json(document()).silent_after(10));
    assert!(matches!(outcome.unwrap_err().kind, SourceErrorKind::Stalled(_)));
    assert_eq!(asked, 2);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_slow_server_that_goes_on_is_waited_for() {
    let (outcome, asked) = esbuild_with(Reply::json(document()).slow(400));
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(asked, 1);
}

#[test]
fn a_list_that_is_promised_for_later_is_waited_for_a_minute_at_most_and_else_named_at_once() {
    for asked in ["31536000", "Fri, 01 Jan 2100 00:00:00 GMT"] {
        let (outcome, requests) = esbuild_with(Reply::status(503).header("Retry-After", asked));
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind, SourceErrorKind::ComeBackLater(_)), "{error}");
        assert!(error.to_string().contains(" asks to wait "), "{error}");
        assert_eq!(requests, 1, "{asked}");
    }
}

#[test]
fn a_server_that_drips_is_given_up_after_two_tries_and_named() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let path = npm_path("@esbuild/linux-x64");
    registry.server().serve(&path, Reply::json(document()).slow(20));
    let lowest = LowestRate { bytes_per_second: 1024, over: Duration::from_millis(300) };
    let setting = Setting { lowest, ..Setting::of(&registry) };
    let error = resolve(&setting.sources(), "esbuild", "latest").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Slow(lowest));
    assert!(error.to_string().contains("sends less than 1024 bytes a second over 0.3 s"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--lowest-rate")));
    assert_eq!(registry.server().requests_for(&path).len(), 2);
}

#[test]
fn by_default_a_drip_is_ended_within_a_minute() {
    let (limits, patience) = (RequestLimits::default(), vx_store::Patience::default());
    assert_eq!((limits.lowest, patience.lowest), (LowestRate::default(), LowestRate::default()));
    let all = 2 * LowestRate::default().over + patience.longest_delay.max(4 * limits.pause);
    assert!(all <= Duration::from_secs(60), "{all:?}");
    assert!(LowestRate::default().bytes_per_second > 0);
}

#[test]
fn redirects_are_followed_up_to_an_end() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let path = npm_path("@esbuild/linux-x64");
    registry.server().serve("/moved", Reply::json(document()));
    registry.server().serve(&path, Reply::redirect("/moved"));
    assert!(resolve(&Setting::of(&registry).sources(), "esbuild", "latest").is_ok());
    for (target, reason) in [(path.as_str(), "more than 10 times"), ("gopher://x", "to nowhere")] {
        registry.server().serve(&path, Reply::redirect(target));
        let error = resolve(&Setting::of(&registry).sources(), "esbuild", "latest").unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Redirected(reason.into()));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let address = Registry::start().server().url("/");
    let error =
        resolve(&Setting::empty().with("NPM_CONFIG_REGISTRY", &address).sources(), "esbuild", "latest").unwrap_err();
    assert!(matches!(error.kind, SourceErrorKind::Unreachable(_)), "{error}");
    assert!(error.hint().unwrap().contains("HTTPS_PROXY"));
}

#[test]
fn an_archive_without_a_digest_to_trust_is_refused() {
    let weak = r#"{"versions":{"1.0.0":{"dist":{"tarball":"http://127.0.0.1:9/x.tgz","integrity":"sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}}}}"#;
    assert_eq!(esbuild_with(Reply::json(weak)).0.unwrap_err().kind, SourceErrorKind::NoDigest);
    let registry = Registry::start();
    let link = "<html><a href=\"/files/uv-1.0-py3-none-manylinux_2_17_x86_64.whl\">x</a>";
    registry.server().serve(&page_path("uv"), Reply::html(link));
    let error = resolve(&Setting::of(&registry).sources(), "uv", "latest").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::NoDigest);
}

#[test]
fn a_broken_cache_is_as_good_as_none() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let setting = Setting::of(&registry);
    resolve(&setting.sources(), "uv", "latest").unwrap();
    for entry in std::fs::read_dir(setting.root.path().join("vx/cache/index")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"{\"format\":1,").unwrap();
    }
    assert!(resolve(&setting.sources(), "uv", "latest").is_ok());
    assert_eq!(registry.server().requests_for(&page_path("uv")).len(), 2);
}
