//! Servers that misbehave.

use super::*;
use crate::support::registry::archive::{script, tgz};

fn well(offer: &Offer) -> Reply {
    Reply::ok(offer.archive.clone())
}

#[test]
fn a_slow_server_that_goes_on_is_waited_for() {
    // The whole answer takes longer than the time-out, but no pause between two bytes does.
    assert_eq!(succeeds_all_the_same(|offer| well(offer).slow(40_000)), 1);
}

#[test]
fn a_server_that_never_answers_is_given_up_and_named() {
    let (_, offer) = one_good_one_bad();
    fails_saying(well(&offer).silent_after(0), &["in time, 5 times", "0 bytes received"]);
}

#[test]
fn a_server_that_falls_silent_is_given_up_and_what_it_sent_is_kept() {
    let (sandbox, offer) = one_good_one_bad();
    let answers = [well(&offer).silent_after(20_000), well(&offer).silent_after(0)];
    sandbox.registry().server().serve(&offer.path, Reply::sequence(answers));
    sync(&sandbox).fails_with("20000 bytes received").says("goes on where it stopped");
    sandbox.is_whole();
    assert!(!sandbox.parts().is_empty());
    next_run_is_good(&sandbox, &offer);
    let last = sandbox.fetches(&offer).pop().expect("a request");
    assert_eq!(last.header("range"), Some("bytes=20000-"));
}

#[test]
fn a_reset_at_any_byte_costs_an_attempt_and_no_byte_twice() {
    let (_, offer) = one_good_one_bad();
    for bytes in [0, 1, 511, 20_000, offer.archive.len() - 1] {
        let asked = succeeds_all_the_same(|offer| Reply::sequence([well(offer).reset_after(bytes), well(offer)]));
        assert_eq!(asked, 2, "a reset after {bytes} bytes");
    }
}

#[test]
fn a_server_that_resets_every_time_is_given_up_and_named() {
    fails_saying(Reply::ok(vec![0; 1000]).reset_after(0), &["connection", "5 times"]);
}

#[test]
fn a_server_that_sends_less_than_it_announces_is_asked_for_the_rest_or_named() {
    let more = |offer: &Offer| offer.archive.len() as u64 + 100;
    let asked = succeeds_all_the_same(|offer| Reply::sequence([well(offer).content_length(more(offer)), well(offer)]));
    assert_eq!(asked, 2);
    let (_, offer) = one_good_one_bad();
    let half = offer.archive[..offer.archive.len() / 2].to_vec();
    let never_whole = Reply::ok(half).content_length(offer.archive.len() as u64).without_ranges();
    fails_saying(never_whole, &["connection closed before the end", "does not go on where it stopped"]);
}

#[test]
fn a_server_that_sends_too_much_or_announces_too_little_is_found_by_the_digest() {
    let (_, offer) = one_good_one_bad();
    let longer = [&offer.archive[..], b"and more"].concat();
    fails_saying(Reply::ok(longer), &["expected sha512", "got sha512"]);
    let less = offer.archive.len() as u64 - 100;
    fails_saying(well(&offer).content_length(less), &["expected sha512", "got sha512"]);
}

#[test]
fn less_than_the_archive_of_an_address_is_found_by_its_digest() {
    let (sandbox, _) = one_good_one_bad();
    let archive = tgz(&[script("x/bin/hello", "1.0.0")]);
    let line = sandbox.addressed("hello", &archive, "");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    sandbox.registry().server().serve("/files/hello.tgz", Reply::ok(&archive[..archive.len() - 7]));
    sync(&sandbox).fails_with("expected sha256").says("got sha256").says("do not trust the archive");
    sandbox.is_clean();
    sandbox.registry().server().serve("/files/hello.tgz", Reply::ok(archive));
    sync(&sandbox).succeeds();
    sandbox.is_clean();
}

#[test]
fn an_answer_for_another_range_is_not_used() {
    let asked = succeeds_all_the_same(|offer| {
        Reply::sequence([well(offer).reset_after(20_000), well(offer).wrong_range(7), well(offer)])
    });
    assert_eq!(asked, 3);
}

#[test]
fn redirects_in_a_loop_are_named_and_others_followed() {
    let (_, offer) = one_good_one_bad();
    fails_saying(Reply::redirect(&offer.path), &["redirects more than 10 times"]);
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve("/elsewhere", well(&offer));
    sandbox.registry().server().serve(&offer.path, Reply::redirect("/elsewhere"));
    sync(&sandbox).succeeds();
    sandbox.is_clean();
}

#[test]
fn a_busy_server_is_asked_again_at_the_time_it_names() {
    let begun = Instant::now();
    let asked = succeeds_all_the_same(|offer| {
        Reply::sequence([Reply::status(429).header("Retry-After", "1"), Reply::status(503), well(offer)])
    });
    assert_eq!(asked, 3);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    fails_saying(Reply::status(429).header("Retry-After", "7200"), &["asks to wait 7200 s"]);
}

#[test]
fn a_server_that_stays_busy_is_given_up_and_named() {
    fails_saying(Reply::status(503), &["the server answered 503, 5 times"]);
}

#[test]
fn a_truncated_body_is_named_by_its_digest() {
    let (_, offer) = one_good_one_bad();
    for length in [0, 1, 100, offer.archive.len() / 2, offer.archive.len() - 1] {
        fails_saying(Reply::ok(&offer.archive[..length]), &["expected sha512", "got sha512", "do not trust"]);
    }
}

#[test]
fn a_corrupt_body_is_named_by_its_digest() {
    let (_, offer) = one_good_one_bad();
    for at in [4, offer.archive.len() / 2, offer.archive.len() - 4] {
        let mut corrupt = offer.archive.clone();
        corrupt[at] ^= 0x10;
        fails_saying(Reply::ok(corrupt), &["expected sha512", "got sha512"]);
    }
}

#[test]
fn another_archive_in_its_place_is_refused_and_asked_for_once() {
    let (sandbox, offer) = one_good_one_bad();
    let other = tgz(&[script("package/biome", "6.6.6")]);
    sandbox.registry().server().serve(&offer.path, Reply::ok(other));
    sync(&sandbox).fails_with("expected sha512").says("got sha512");
    assert_eq!(sandbox.fetches(&offer).len(), 1, "the same bytes are not asked for again");
    sandbox.is_clean();
    next_run_is_good(&sandbox, &offer);
}

#[test]
fn a_body_swapped_behind_the_same_name_is_received_anew() {
    let asked = succeeds_all_the_same(|offer| {
        let mut swapped = offer.archive.clone();
        swapped[20_000..].reverse();
        Reply::sequence([well(offer).reset_after(20_000), well(offer).body(swapped), well(offer)])
    });
    assert_eq!(asked, 3);
}

#[test]
fn a_page_for_people_is_named_as_one() {
    let page = "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>";
    fails_saying(Reply::html(page), &["is a web page, not an archive", "open the address in a browser"]);
    fails_saying(Reply::ok(page), &["is a web page, not an archive"]);
    fails_saying(Reply::json("{\"error\": \"no\"}"), &["expected sha512"]);
}

#[test]
fn an_archive_that_is_gone_or_not_for_us_is_named_at_once() {
    for (status, says) in [(404, "this release may not exist"), (403, "credentials"), (410, "may not exist")] {
        fails_saying(Reply::status(status), &[&format!("the server answered {status}"), says]);
    }
}

#[test]
fn an_address_without_a_server_is_named() {
    let (sandbox, offer) = one_good_one_bad();
    let gone = crate::support::server::Server::start().url("/hello.tgz");
    let line = format!("hello = {{ version = \"1.0.0\", url = \"{gone}\", sha256 = \"{}\" }}\n", "0".repeat(64));
    let config = sandbox.read("vx.toml");
    sandbox.write("vx.toml", &format!("{config}{line}"));
    sync(&sandbox).fails_with("1 of 3 tools did not install: hello").says("connection refused, 5 times");
    sandbox.is_whole();
    sandbox.write("vx.toml", &config);
    next_run_is_good(&sandbox, &offer);
}
