//! The client against the demo forge: lists are complete, faults are met, the token stays at home.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use common::Failure;
use common::settings::Layers;
use demo_forge::{Access, DemoForge, Fault, Options, Project};
use gitea::{Connection, Forge, ForgeError, ForgeSettings, IssueQuery, State};
use host::Host;
use sandbox::{CANARY_TOKEN, Flavour, each_flavour, serve, serve_with};
use serde_json::{Value, json};
use store::repo::Repo;

fn project(issues: u64) -> Project {
    let entry = |number: u64| json!({"number": number, "title": format!("Issue {number}"), "created_at": format!("2026-01-01T00:{:02}:{:02}Z", number / 60 % 60, number % 60), "updated_at": "2026-02-01T00:00:00Z"});
    let pull = json!({"number": issues + 1, "title": "A pull", "created_at": "2026-03-01T00:00:00Z"});
    Project::new("acme", "app", (1..=issues).map(entry).collect::<Vec<Value>>(), vec![pull])
}

fn connect(forge: &DemoForge, more: &[(&str, &str)]) -> Forge {
    Forge::connect(&connection(forge, more)).unwrap()
}

fn connection(forge: &DemoForge, more: &[(&str, &str)]) -> Connection {
    let api = forge.api();
    let mut env = vec![
        ("GITEA_API", api.as_str()),
        ("REPO_SLUG", "acme/app"),
        ("GITEA_TOKEN", CANARY_TOKEN),
        ("TIMMY_AUTOMATION_HTTP_TIMEOUT", "0.4"),
        ("TIMMY_AUTOMATION_HTTP_RETRIES", "2"),
    ];
    env.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    env.extend(more);
    let (host, _, _) = Host::test(&["x"], &env, Path::new("/"));
    let settings = ForgeSettings::resolve(&mut Layers::new(&host, "x", vec![], vec![])).unwrap();
    settings.connection(&host, &Repo::at("/"))
}

fn start(flavour: Flavour, issues: u64) -> DemoForge {
    serve(&project(issues), flavour)
}

fn numbers(forge: &Forge) -> Result<(Vec<u64>, usize, u32), ForgeError> {
    let listing = forge.issues(IssueQuery::default())?;
    Ok((listing.items.iter().map(|issue| issue.number).collect(), listing.missing, listing.rounds))
}

fn all(count: u64) -> Vec<u64> {
    (1..=count).collect()
}

each_flavour!(every_page_is_fetched_and_every_issue_is_there_once);
fn every_page_is_fetched_and_every_issue_is_there_once(flavour: Flavour) {
    for count in [0, 1, 49, 50, 51, 100, 437] {
        let forge = start(flavour, count);
        assert_eq!(numbers(&connect(&forge, &[])).unwrap(), (all(count), 0, 1), "{count}");
        assert_eq!(forge.requests().len() as u64, count.div_ceil(50).max(1));
    }
}

each_flavour!(a_server_that_gives_smaller_pages_is_believed);
fn a_server_that_gives_smaller_pages_is_believed(flavour: Flavour) {
    let forge = start(flavour, 101);
    forge.order(Fault::PageCap(7), None);
    assert_eq!(numbers(&connect(&forge, &[])).unwrap(), (all(101), 0, 1));
    assert_eq!(forge.requests().len(), 15);
}

each_flavour!(a_list_without_a_total_is_read_to_its_end);
fn a_list_without_a_total_is_read_to_its_end(flavour: Flavour) {
    for count in [0, 30, 50, 120] {
        let forge = start(flavour, count);
        forge.order(Fault::NoTotal, None);
        assert_eq!(numbers(&connect(&forge, &[])).unwrap(), (all(count), 0, 1), "{count}");
    }
}

each_flavour!(a_list_that_moves_is_fetched_again);
fn a_list_that_moves_is_fetched_again(flavour: Flavour) {
    let forge = start(flavour, 120);
    forge.order(Fault::Moving, Some(1));
    assert_eq!(numbers(&connect(&forge, &[])).unwrap(), (all(119), 0, 2), "the newest closed in between");
}

each_flavour!(a_gap_that_stays_is_reported);
fn a_gap_that_stays_is_reported(flavour: Flavour) {
    let forge = start(flavour, 120);
    forge.order(Fault::Moving, None);
    let (found, missing, rounds) = numbers(&connect(&forge, &[])).unwrap();
    assert_eq!(rounds, 3);
    assert!(found.len() + missing >= 117, "{} found, {missing} missing", found.len());
    let forge = start(flavour, 120);
    forge.order(Fault::NullEntries, None);
    let (found, missing, rounds) = numbers(&connect(&forge, &[])).unwrap();
    assert_eq!(
        (found.len(), missing, rounds),
        (114, 6, 1),
        "what the server cannot load does not come by asking again"
    );
}

each_flavour!(no_more_requests_are_in_progress_than_allowed);
fn no_more_requests_are_in_progress_than_allowed(flavour: Flavour) {
    let forge = start(flavour, 1500);
    forge.order(Fault::Latency(Duration::from_millis(5)), None);
    for _ in 0..5 {
        assert_eq!(numbers(&connect(&forge, &[("TIMMY_AUTOMATION_HTTP_TIMEOUT", "9")])).unwrap().0.len(), 1500);
    }
    assert!(forge.peak_requests() <= 8, "{} requests at once", forge.peak_requests());
}

each_flavour!(faults_that_pass_are_waited_out);
fn faults_that_pass_are_waited_out(flavour: Flavour) {
    for fault in
        [Fault::TooManyRequests(1), Fault::BadGateway, Fault::CutBody, Fault::CutJson, Fault::Drop, Fault::Hang]
    {
        let forge = start(flavour, 120);
        forge.order(fault.clone(), Some(2));
        let begun = Instant::now();
        assert_eq!(numbers(&connect(&forge, &[])).unwrap(), (all(120), 0, 1), "{fault:?}");
        if let Fault::TooManyRequests(seconds) = fault {
            assert!(begun.elapsed() >= Duration::from_secs(2 * seconds), "Retry-After is honoured");
        }
    }
}

each_flavour!(faults_that_stay_are_reported);
fn faults_that_stay_are_reported(flavour: Flavour) {
    let cases = [
        (Fault::BadGateway, "502 Bad Gateway", 3),
        (Fault::TooManyRequests(3600), "429 Too Many Requests, and the server asks to wait 3600 s", 1),
        (Fault::Panic, "500 Internal Server Error", 1),
        (Fault::CutBody, "the response was cut off", 3),
        (Fault::CutJson, "the response was cut off: its JSON ends early", 3),
        (Fault::Drop, "the connection broke", 3),
        (Fault::Hang, "no response in time (3 tries)", 3),
        (Fault::NotJson, "the response is not a list of entries", 1),
        (Fault::Drip, "the response was not complete after 2.4 s (1 try)", 1),
        (Fault::BadToken, "401 Unauthorized: access token does not exist [sha: …]", 1),
    ];
    std::thread::scope(|scope| {
        for (fault, message, tries) in cases {
            scope.spawn(move || {
                let forge = start(flavour, 20);
                forge.order(fault.clone(), None);
                let retries = [("TIMMY_AUTOMATION_HTTP_RETRIES", if fault == Fault::Drip { "0" } else { "2" })];
                let error = numbers(&connect(&forge, &retries)).unwrap_err();
                let text = error.to_string();
                assert!(text.contains(message) && text.contains(&forge.api()), "{fault:?}: {text}");
                assert!(!text.contains(CANARY_TOKEN) && error.hint().is_some(), "{fault:?}: {text}");
                assert_eq!((forge.requests().len(), error.code()), (tries, 1), "{fault:?}");
            });
        }
    });
}

each_flavour!(a_forge_that_is_not_there_is_reported);
fn a_forge_that_is_not_there_is_reported(flavour: Flavour) {
    let forge = start(flavour, 1);
    let connected = connect(&forge, &[]);
    drop(forge);
    let text = numbers(&connected).unwrap_err().to_string();
    assert!(text.contains("cannot connect: ") && text.contains("(3 tries)"), "{text}");
}

each_flavour!(the_token_goes_to_its_own_host_and_nowhere_else);
fn the_token_goes_to_its_own_host_and_nowhere_else(flavour: Flavour) {
    let other = DemoForge::start(&project(3), Options { flavour, ..Options::default() }).unwrap();
    let other_root = other.api().replace("/api/v1", "");
    let root_url = Some(other_root.clone());
    let forge = serve_with(&project(120), Options { flavour, root_url, ..Options::default() });
    // The Link header names the other host; the pages are fetched from our own.
    assert_eq!(numbers(&connect(&forge, &[])).unwrap().0.len(), 120);
    assert!(other.requests().is_empty());
    let expected = format!("token {CANARY_TOKEN}");
    assert!(forge.requests().iter().all(|request| request.authorization.as_ref() == Some(&expected)));
    // A redirect is followed without the token.
    forge.order(Fault::Redirect(other_root), None);
    assert_eq!(numbers(&connect(&forge, &[])).unwrap().0, all(3));
    assert!(!other.requests().is_empty());
    assert!(other.requests().iter().all(|request| request.authorization.is_none()), "{:?}", other.requests());
}

each_flavour!(redirects_in_a_circle_end);
fn redirects_in_a_circle_end(flavour: Flavour) {
    let forge = start(flavour, 3);
    forge.order(Fault::Redirect(String::new()), None);
    let text = numbers(&connect(&forge, &[])).unwrap_err().to_string();
    assert!(text.contains("too many redirects"), "{text}");
}

each_flavour!(refusals_say_what_to_do);
fn refusals_say_what_to_do(flavour: Flavour) {
    let with = |access: Access| Options { flavour, access, ..Options::default() };
    let private = with(Access { private: true, ..Access::default() });
    let lacking = with(Access { scopes: vec!["read:repository".into()], ..Access::default() });
    let sign_in = with(Access { sign_in_required: true, ..Access::default() });
    let is_gitea = flavour.is_gitea();
    let absent = if is_gitea { "404 Not Found: not found" } else { "404 Not Found: The target couldn't be found." };
    let required = if is_gitea { ", required=[read:issue], token scope=read:repository" } else { ": [read:issue]" };
    let required = format!("403 Forbidden: token does not have at least one of required scope(s){required}");
    for (options, env, status, hint) in [
        (private.clone(), [("GITEA_TOKEN", "")], absent, "token with read access"),
        (private, [("REPO_SLUG", "nobody/app")], "404 Not Found: GetUserByName; user redirect", "repo_slug"),
        (lacking, [("HOME", "/")], &required, "read:issue"),
        (sign_in, [("GITEA_TOKEN", "")], "403 Forbidden: Only signed in user is allowed", "token"),
    ] {
        let forge = serve_with(&project(3), options);
        let error = numbers(&connect(&forge, &env)).unwrap_err();
        assert!(error.to_string().contains(status), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
    }
}

each_flavour!(a_single_attempt_is_one_request);
fn a_single_attempt_is_one_request(flavour: Flavour) {
    let forge = start(flavour, 3);
    forge.order(Fault::Hang, None);
    let begun = Instant::now();
    let single = Forge::connect(&connection(&forge, &[]).single_attempts_within(Duration::from_millis(100))).unwrap();
    single.some_issues(IssueQuery { state: State::Closed, ..IssueQuery::default() }).unwrap_err();
    assert_eq!(forge.requests().len(), 1);
    assert!(begun.elapsed() < Duration::from_millis(390), "the shorter limit holds");
}
