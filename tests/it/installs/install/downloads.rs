//! Receiving an archive: the requests to the server, their number, and the leftovers of a download that fails.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use vx_base::board_slot::BoardSlot;
use vx_base::package::Part;
use vx_base::trouble::Explain;
use vx_http::{LowestRate, TlsTrust};
use vx_store::report::{InstallStep, Reporter, SilentReporter};
use vx_store::{CancelToken, InstallError, fetch};

use super::setting::{Entry, Event, Record, Setting, digest_of, origin, release_of, tar_gz};
use crate::support::server::{Reply, Request, Server};

const SIZE: usize = 2_000_000;

/// The first byte of the requested range.
fn range_start(request: &Request) -> Option<usize> {
    request.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

#[test]
fn a_release_is_received_unpacked_and_reported_in_one_pass() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let config = setting.serves("tool.tgz", &archive);
    let record = Record::default();
    let installed = setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");

    assert!(!installed.already);
    let receipt = &installed.release.receipt;
    assert_eq!((receipt.files, receipt.size_bytes), (3, SIZE as u64 + 20));
    assert_eq!(receipt.parts[0].digest, Some(digest_of(&archive)));
    assert_eq!(receipt.parts[0].size, Some(archive.len() as u64));
    assert_eq!(record.steps(), [InstallStep::Downloading, InstallStep::Linking]);
    assert!(record.events().contains(&Event::Total(Some(archive.len() as u64))));
    assert!(record.events().contains(&Event::Advanced(archive.len() as u64)));
    assert_eq!(setting.cached(), [digest_of(&archive).file_name()]);
    setting.assert_no_staging();
}

#[test]
fn a_reset_half_way_is_followed_by_a_request_for_the_rest() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply = Reply::sequence([Reply::ok(&archive[..]).reset_after(1_000_000), Reply::ok(&archive[..])]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    let record = Record::default();
    setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");

    let requests = setting.server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("range"), None);
    let from = range_start(&requests[1]).expect("a range");
    assert!(from > 500_000, "too little of the first answer was kept: {from}");
    assert!(requests[1].header("if-range").is_some());
    assert_eq!(setting.server.body_bytes(), (1_000_000 + archive.len() - from) as u64);
    assert_eq!(record.attempts(), [2]);
}

#[test]
fn a_server_that_is_busy_at_first_is_asked_again() {
    let setting = Setting::new();
    let archive = release_of(1000);
    let reply =
        Reply::sequence([Reply::status(503), Reply::status(429).header("Retry-After", "0"), Reply::ok(&archive[..])]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    let record = Record::default();
    setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");
    assert_eq!(record.attempts(), [2, 3]);
}

#[test]
fn retry_after_is_waited_for_and_too_long_a_wait_is_named() {
    let setting = Setting::new();
    let archive = release_of(1000);
    let reply = Reply::sequence([Reply::status(429).header("Retry-After", "1"), Reply::ok(&archive[..])]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    let start = Instant::now();
    setting.install(&config).expect("it installs");
    assert!(start.elapsed() >= Duration::from_secs(1));

    let setting = Setting::new();
    let config = setting.serves_as("tool.tgz", &archive, Reply::status(429).header("Retry-After", "7200"));
    setting.fails_saying(&config, &["asks to wait 7200 s"]);
    assert_eq!(setting.server.requests().len(), 1);
}

#[test]
fn a_server_that_stays_silent_is_given_up_in_bounded_time_and_the_bytes_are_kept() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply =
        Reply::sequence([Reply::ok(&archive[..]).silent_after(100_000), Reply::ok(&archive[..]).silent_after(0)]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    let start = Instant::now();
    let error = setting.fails_saying(&config, &["`tool.tgz`", "in time", "3 times"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(error.hint().is_some_and(|hint| hint.contains("goes on where it stopped")));
    assert_eq!(setting.cached().iter().filter(|name| name.ends_with(".part")).count(), 1);

    setting.server.serve("/tool.tgz", Reply::ok(&archive[..]));
    setting.install(&config).expect("it installs");
    let last = setting.server.requests().pop().expect("a request");
    assert!(last.header("range").is_some(), "the second run begins from the start");
}

#[test]
fn a_server_that_drips_is_given_up_after_two_tries_and_the_bytes_are_kept() {
    let mut setting = Setting::new();
    setting.patience.lowest = LowestRate { bytes_per_second: 1024, over: Duration::from_millis(300) };
    setting.patience.attempts = 5;
    let archive = release_of(SIZE);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).slow(100));
    let error = setting.fails_saying(&config, &["sends less than 1024 bytes a second over 0.3 s", "bytes received"]);
    assert!(
        error.hint().is_some_and(|hint| hint.contains("goes on where it stopped") && hint.contains("--lowest-rate"))
    );
    assert_eq!(setting.server.requests().len(), 2);
    setting.server.serve("/tool.tgz", Reply::ok(&archive[..]));
    setting.install(&config).expect("it installs");
    let last = setting.server.requests().pop().expect("a request");
    assert!(last.header("range").is_some(), "the next run begins from the start");
}

#[test]
fn a_cancelled_download_is_resumed_by_the_next_run() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).slow(1_000_000));
    let cancel = CancelToken::new();

    struct CancelAt(CancelToken, u64);
    impl Reporter for CancelAt {
        fn started(&self, _: InstallStep, _: Option<u64>) {}
        fn advanced(&self, done: u64) {
            if done >= self.1 {
                self.0.cancel();
            }
        }
        fn total(&self, _: Option<u64>) {}
        fn message(&self, _: &str) {}
        fn waits_for(&self, _: Option<&BoardSlot>) {}
        fn attempt(&self, _: u8) {}
    }

    let result = setting.install_with(&config, &CancelAt(cancel.clone(), 300_000), &cancel);
    assert!(matches!(result, Err(InstallError::Cancelled)), "{result:?}");
    setting.assert_no_staging();

    /// The amount of each report of the download, in order.
    #[derive(Default)]
    struct Amounts(Mutex<(Option<InstallStep>, Vec<u64>)>);

    impl Reporter for Amounts {
        fn started(&self, step: InstallStep, _: Option<u64>) {
            self.0.lock().expect("one thread").0 = Some(step);
        }
        fn advanced(&self, done: u64) {
            let mut all = self.0.lock().expect("one thread");
            if all.0 == Some(InstallStep::Downloading) {
                all.1.push(done);
            }
        }
        fn total(&self, _: Option<u64>) {}
        fn message(&self, _: &str) {}
        fn waits_for(&self, _: Option<&BoardSlot>) {}
        fn attempt(&self, _: u8) {}
    }

    setting.server.serve("/tool.tgz", Reply::ok(&archive[..]));
    let amounts = Amounts::default();
    setting.install_with(&config, &amounts, &CancelToken::new()).expect("it installs");
    let (_, reported) = amounts.0.into_inner().expect("one thread");
    // Cached bytes count at once, and reading them again never counts as progress.
    assert!(reported[0] == 0 && reported[1..].iter().all(|done| *done >= 300_000), "{:?}", &reported[..4]);
    let from = range_start(setting.server.requests().last().expect("a request")).expect("a range");
    assert!((300_000..archive.len()).contains(&from), "{from}");
}

#[test]
fn a_cancel_is_noticed_while_the_server_is_silent() {
    let mut setting = Setting::new();
    setting.patience.answer = Duration::from_secs(60);
    setting.patience.stall = Duration::from_secs(60);
    let archive = release_of(1000);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).silent_after(10));
    let cancel = CancelToken::new();
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            cancel.cancel();
        });
        let result = setting.install_with(&config, &Record::default(), &cancel);
        assert!(matches!(result, Err(InstallError::Cancelled)), "{result:?}");
    });
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_install_ends_with_its_deadline() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let mut config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).slow(100_000));
    config.deadline_ms = Some(300);
    setting.fails_saying(&config, &["not finished within 300 ms"]);
}

#[test]
fn a_body_swapped_behind_the_same_etag_is_noticed_and_received_anew() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let other = release_of(SIZE + 1);
    let swapped = [&archive[..1_000_000], &other[1_000_000..archive.len()]].concat();
    let reply = Reply::sequence([
        Reply::ok(&archive[..]).reset_after(1_000_000),
        Reply::ok(&archive[..]).body(swapped),
        Reply::ok(&archive[..]),
    ]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    setting.install(&config).expect("it installs");
    let requests = setting.server.requests();
    assert_eq!((requests.len(), requests[2].header("range")), (3, None));
}

#[test]
fn a_wrong_body_is_refused_with_both_digests_and_not_asked_for_again() {
    let setting = Setting::new();
    let (archive, other) = (release_of(1000), release_of(1001));
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&other[..]));
    let error = setting.fails_saying(
        &config,
        &[
            &format!("expected {:.23}", digest_of(&archive).to_string()),
            &format!("got {:.23}", digest_of(&other).to_string()),
        ],
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("vx lock")));
    assert_eq!(setting.server.requests().len(), 1);
    assert_eq!(setting.cached(), Vec::<String>::new());
}

#[test]
fn a_corrupt_body_is_named_by_its_digest() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    let mut corrupt = archive.clone();
    corrupt[50_000..50_100].fill(0x55);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(corrupt));
    setting.fails_saying(&config, &["expected sha512:", "got sha512:"]);
    assert_eq!(setting.cached(), Vec::<String>::new());
}

#[test]
fn a_size_that_is_not_the_promised_one_is_refused_before_anything_is_received() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    let mut config = setting.serves("tool.tgz", &archive);
    config.parts[0].archive.size = Some(5);
    config.parts[0].archive.digest = None;
    setting.fails_saying(&config, &["expected 5 bytes", &format!("got {}", archive.len())]);
    assert_eq!(setting.cached(), Vec::<String>::new());
}

#[test]
fn a_size_that_was_found_out_wrong_does_not_spoil_the_right_bytes() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    for wrong in [5, archive.len() as u64 + 100] {
        let mut config = setting.serves("tool.tgz", &archive);
        config.parts[0].archive.size = Some(wrong);
        config.force = true;
        setting.spoil();
        setting.install(&config).expect("it installs: the digest decides");
        std::fs::remove_dir_all(setting.home().downloads()).expect("a cache");
    }
}

#[test]
fn far_more_bytes_than_the_size_are_refused_before_any_is_received() {
    let setting = Setting::new();
    let archive = release_of(3 << 20);
    let mut config = setting.serves("tool.tgz", &archive);
    config.parts[0].archive.size = Some(50_000);
    setting.fails_saying(&config, &[&format!("expected 50000 bytes, got {}", archive.len())]);
    assert_eq!(setting.cached(), Vec::<String>::new());
}

#[test]
fn a_body_without_an_announced_length_is_stopped_at_the_size() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    // It begins with a valid archive; otherwise it might be refused for its format first.
    let body = [&archive[..], &[0; 64 << 20]].concat();
    let mut config = setting.serves_as("tool.tgz", &archive, Reply::ok(body).unannounced());
    config.parts[0].archive.size = Some(archive.len() as u64);
    setting.fails_saying(&config, &[&format!("expected {} bytes, got", archive.len()), "or more"]);
    assert_eq!(setting.cached(), Vec::<String>::new());
    // The client closes the connection; buffers on the way may be full of bytes that it never reads.
    assert!(setting.server.body_bytes() < 32 << 20, "{} bytes were sent", setting.server.body_bytes());
}

#[test]
fn a_length_that_promises_too_much_does_not_spoil_the_right_bytes() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    let reply =
        Reply::sequence([Reply::ok(&archive[..]).content_length(archive.len() as u64 + 100), Reply::ok(&archive[..])]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    setting.install(&config).expect("it installs: the digest decides");
}

#[test]
fn a_truncated_body_is_completed_or_named() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    let truncated = &archive[..60_000];
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(truncated));
    setting.fails_saying(&config, &["expected sha512:"]);

    let setting = Setting::new();
    let always_cut = Reply::ok(truncated).content_length(archive.len() as u64).without_ranges();
    let config = setting.serves_as("tool.tgz", &archive, always_cut);
    setting.fails_saying(&config, &["connection closed before the end, again", "does not go on where it stopped"]);
    assert!(setting.server.requests().len() < 20);
}

#[test]
fn a_connection_that_breaks_again_and_again_is_named_also_where_the_server_knows_no_ranges() {
    let archive = release_of(100_000);
    for (fault, named) in [
        (Reply::ok(&archive[..]).without_ranges().reset_after(60_000), "connection "),
        (Reply::ok(&archive[..]).without_ranges().silent_after(60_000), "no more bytes in time"),
        (Reply::ok(&archive[..]).without_ranges().without_etag().reset_after(60_000), "connection "),
        (Reply::ok(&archive[..]).wrong_range(10).reset_after(60_000), "connection "),
    ] {
        let setting = Setting::new();
        let config = setting.serves_as("tool.tgz", &archive, fault);
        let error = setting.fails_saying(&config, &[named, "does not go on where it stopped"]);
        assert!(error.hint().is_some_and(|hint| hint.contains("check the network")));
    }
}

#[test]
fn an_archive_that_changes_between_two_attempts_is_named_as_that() {
    let setting = Setting::new();
    let (one, other) = (release_of(100_000), release_of(90_000));
    let version =
        |number: usize| Reply::ok(if number.is_multiple_of(2) { &one[..] } else { &other[..] }).reset_after(60_000);
    let config = setting.serves_as("tool.tgz", &one, Reply::sequence((0..20).map(version)));
    setting.fails_saying(&config, &["keeps changing its answer"]);
}

#[test]
fn an_archive_that_the_server_encodes_is_named_as_that_and_not_called_untrustworthy() {
    let archive = release_of(100_000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &archive).expect("it encodes");
    let encoded = encoder.finish().expect("it encodes");
    let setting = Setting::new();
    let reply = Reply::ok(encoded).header("Content-Encoding", "gzip");
    let config = setting.serves_as("tool.tgz", &archive, reply);
    let error = setting.fails_saying(&config, &["sends it encoded (`Content-Encoding: gzip`)"]);
    assert!(error.hint().is_some_and(|hint| hint.contains("unchanged") && !hint.contains("trust")));
    // Many servers declare every such file as encoded, but send it unchanged.
    let setting = Setting::new();
    let reply = Reply::ok(&archive[..]).header("Content-Encoding", "gzip");
    let config = setting.serves_as("tool.tgz", &archive, reply);
    setting.install(&config).expect("it installs: the digest decides");
}

#[test]
fn a_server_without_ranges_is_asked_for_everything_again() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply = Reply::sequence([
        Reply::ok(&archive[..]).without_ranges().without_etag().reset_after(1_000_000),
        Reply::ok(&archive[..]).without_ranges(),
    ]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    setting.install(&config).expect("it installs");
}

#[test]
fn an_answer_for_another_range_is_not_used() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply = Reply::sequence([
        Reply::ok(&archive[..]).reset_after(1_000_000),
        Reply::ok(&archive[..]).wrong_range(7),
        Reply::ok(&archive[..]),
    ]);
    let config = setting.serves_as("tool.tgz", &archive, reply);
    setting.install(&config).expect("it installs");
    assert_eq!(setting.server.requests().pop().expect("a request").header("range"), None);
}

#[test]
fn a_web_page_in_place_of_an_archive_is_named() {
    for page in [Reply::html("<!DOCTYPE html><p>Log in</p>"), Reply::html("<p>Log in</p>")] {
        let setting = Setting::new();
        let mut config = setting.serves_as("tool.tgz", b"archive", page);
        config.parts[0].archive.size = Some(7);
        setting.fails_saying(&config, &["/tool.tgz is a web page, not an archive"]);
        assert_eq!(setting.cached(), Vec::<String>::new());
    }
}

#[test]
fn statuses_that_will_not_change_are_named_at_once() {
    for (status, hint) in [(404, "may not exist"), (403, "credentials"), (400, "later")] {
        let setting = Setting::new();
        let config = setting.serves_as("tool.tgz", b"archive", Reply::status(status));
        let error = setting.fails_saying(&config, &[&format!("answered {status}"), "/tool.tgz"]);
        assert!(error.hint().is_some_and(|text| text.contains(hint)), "{:?}", error.hint());
        assert_eq!(setting.server.requests().len(), 1);
    }
}

#[test]
fn redirects_are_followed_but_not_in_a_circle() {
    let setting = Setting::new();
    let archive = release_of(1000);
    setting.server.serve("/real.tgz", Reply::ok(&archive[..]));
    let config = setting.serves_as("tool.tgz", &archive, Reply::redirect("/real.tgz"));
    setting.install(&config).expect("it installs");

    let setting = Setting::new();
    let config = setting.serves_as("tool.tgz", &archive, Reply::redirect("/tool.tgz"));
    setting.fails_saying(&config, &["redirects more than 10 times"]);
    assert!(setting.server.requests().len() <= 12);

    let setting = Setting::new();
    let config = setting.serves_as("tool.tgz", &archive, Reply::redirect("file:///etc/passwd"));
    setting.fails_saying(&config, &["/tool.tgz redirects to nowhere"]);
}

#[test]
fn credentials_go_to_their_host_and_not_along_with_a_redirect_to_another() {
    let (setting, other) = (Setting::new(), Server::start());
    let archive = release_of(1000);
    other.serve("/real.tgz", Reply::ok(&archive[..]));
    let mut config = setting.serves_as("tool.tgz", &archive, Reply::redirect(&other.url("/real.tgz")));
    origin(&mut config).authorization = Some("Bearer planted".into());
    setting.install(&config).expect("it installs");
    assert_eq!(setting.server.requests()[0].header("authorization"), Some("Bearer planted"));
    assert_eq!(other.requests()[0].header("authorization"), None);
}

#[test]
fn an_address_that_replaces_the_first_ones_gets_none_of_its_credentials() {
    let (setting, mirror) = (Setting::new(), Server::start());
    let archive = release_of(1000);
    let mut config = setting.serves("tool.tgz", &archive);
    origin(&mut config).authorization = Some("Bearer planted".into());
    config.download_url = Some(mirror.url("/mirrored?token=planted"));
    mirror.serve("/mirrored", Reply::status(404));
    let error = setting.fails_saying(&config, &["answered 404", "/mirrored"]);
    assert!(!format!("{error} {error:?}").contains("planted"));
    mirror.serve("/mirrored", Reply::ok(&archive[..]));
    setting.install(&config).expect("it installs");
    assert!(mirror.requests().iter().all(|request| request.header("authorization").is_none()));
    assert_eq!(setting.server.requests().len(), 0);
}

#[test]
fn only_the_web_is_downloaded_from() {
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", b"archive");
    origin(&mut config).url = "file:///etc/passwd".into();
    setting.fails_saying(&config, &["cannot download from `file:///etc/passwd`"]);
}

#[test]
fn a_refused_connection_is_tried_a_few_times_and_named() {
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", b"archive");
    let gone = Server::start().url("/tool.tgz");
    origin(&mut config).url = gone;
    setting.fails_saying(&config, &["connection refused", "3 times"]);
}

#[test]
fn a_cached_archive_is_installed_without_a_request_also_offline() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let mut config = setting.serves("tool.tgz", &archive);
    config.offline = true;
    setting.fails_saying(&config, &["not in the download cache"]);
    config.offline = false;
    setting.install(&config).expect("it installs");

    (config.force, config.offline) = (true, true);
    setting.spoil();
    let record = Record::default();
    setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");
    assert_eq!(setting.server.requests().len(), 1);
    assert_eq!(record.steps(), [InstallStep::Extracting, InstallStep::Linking]);
    assert_eq!(record.events()[0], Event::Started(InstallStep::Extracting, Some(archive.len() as u64)));
}

#[test]
fn a_cached_archive_that_rotted_is_received_again() {
    let setting = Setting::new();
    let archive = release_of(100_000);
    let mut config = setting.serves("tool.tgz", &archive);
    setting.install(&config).expect("it installs");
    let cached = setting.home().downloads().join(digest_of(&archive).file_name());
    for rotten in [Vec::new(), archive[..50_000].to_vec(), vec![0; archive.len()]] {
        std::fs::write(&cached, rotten).expect("a file");
        config.force = true;
        setting.spoil();
        setting.install(&config).expect("it installs");
        assert_eq!(std::fs::read(&cached).expect("the archive"), archive);
    }
    assert_eq!(setting.server.requests().len(), 4);
}

#[test]
fn an_archive_without_a_digest_is_received_and_its_digest_recorded() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply = Reply::sequence([Reply::ok(&archive[..]).reset_after(1_000_000), Reply::ok(&archive[..])]);
    let mut config = setting.serves_as("tool.tgz", &archive, reply);
    config.parts[0].archive.digest = None;
    let installed = setting.install(&config).expect("it installs");
    let digest = installed.release.receipt.parts[0].digest.as_ref().expect("a digest");
    assert!(digest.to_string().starts_with("sha256:"));
    assert_eq!(setting.cached(), [digest.file_name()]);
}

#[test]
fn the_bar_over_several_archives_is_full_only_at_the_end() {
    let setting = Setting::new();
    let first = release_of(SIZE);
    let second = tar_gz(&[Entry::File("package/index.js", b"1")]);
    let mut config = setting.serves("tool.tgz", &first);
    config.parts[0].archive.size = Some(first.len() as u64);
    setting.server.serve("/npm.tgz", Reply::ok(&second[..]));
    config.parts.push(setting.part("npm.tgz", &second));
    config.parts[1].archive.into = "lib/npm".into();
    config.parts[1].archive.size = Some(second.len() as u64);
    let record = Record::default();
    setting.install_with(&config, &record, &CancelToken::new()).expect("it installs");

    let total = (first.len() + second.len()) as u64;
    let events = record.events();
    assert_eq!(events[0], Event::Started(InstallStep::Downloading, Some(total)));
    let end =
        events.iter().position(|event| *event == Event::Started(InstallStep::Linking, None)).expect("a last step");
    let amounts: Vec<u64> = events[..end]
        .iter()
        .filter_map(|event| if let Event::Advanced(done) = event { Some(*done) } else { None })
        .collect();
    assert!(amounts.is_sorted(), "{amounts:?}");
    assert_eq!(amounts.iter().max(), Some(&total));
    assert!(amounts.contains(&(first.len() as u64)));
}

#[test]
fn an_archive_is_fetched_to_learn_its_digest_and_then_installed_from_the_cache() {
    let setting = Setting::new();
    let archive = release_of(SIZE);
    let reply = Reply::sequence([Reply::ok(&archive[..]).reset_after(1_000_000), Reply::ok(&archive[..])]);
    let mut config = setting.serves_as("tool.tgz", &archive, reply);
    config.parts[0].archive.digest = None;
    let learn = |part: &Part| {
        fetch(
            &setting.home(),
            part,
            &setting.patience,
            &TlsTrust::default(),
            &SilentReporter,
            &CancelToken::new(),
            &|_| None,
        )
    };
    let (digest, size) = learn(&config.parts[0]).expect("it is fetched");
    assert_eq!(size, archive.len() as u64);
    setting.assert_no_staging();

    (config.parts[0].archive.digest, config.offline) = (Some(digest), true);
    setting.install(&config).expect("it installs");
    assert_eq!(setting.server.requests().len(), 2);

    setting.server.serve("/page.tgz", Reply::html("<html>"));
    let mut page = setting.part("page.tgz", b"");
    page.archive.digest = None;
    let error = learn(&page).expect_err("a page has no digest");
    assert!(error.to_string().contains("a web page"), "{error}");
}
