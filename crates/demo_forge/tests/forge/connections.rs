//! What comes over a connection: chunks, pages, cut answers, and requests that are none.

use demo_forge::{DemoForge, Fault, Flavour, Options, Project};
use serde_json::{Value, json};

use crate::client::{exchange, get, issue, sample};

const ISSUES: &str = "/repos/acme/weatherbox/issues";

#[test]
fn a_long_body_comes_in_chunks_and_a_short_one_whole() {
    for flavour in Flavour::EVERY_VERSION {
        let forge = sample(Options { flavour, ..Options::default() });
        let long = get(&forge, ISSUES);
        assert_eq!((long.header("Transfer-Encoding"), long.header("Content-Length")), (Some("chunked"), None));
        assert_eq!(long.json().as_array().unwrap().len(), 30);
        let short = get(&forge, "/version");
        assert_eq!(short.header("Content-Length").unwrap().parse::<usize>().unwrap(), short.body.len());
        assert!(short.header("Transfer-Encoding").is_none());
        let old = exchange(&forge, format!("GET /api/v1{ISSUES} HTTP/1.0\r\n\r\n").as_bytes());
        assert!(!String::from_utf8(old).unwrap().contains("chunked"), "an old client takes none");
    }
}

#[test]
fn a_cut_body_ends_within_a_chunk_and_cut_json_in_good_form() {
    let forge = sample(Options::default());
    forge.order(Fault::CutBody, Some(1));
    let head = format!("GET /api/v1{ISSUES} HTTP/1.1\r\nHost: x\r\n\r\n");
    let cut = String::from_utf8_lossy(&exchange(&forge, head.as_bytes())).into_owned();
    assert!(cut.contains("Transfer-Encoding: chunked") && !cut.ends_with("0\r\n\r\n"), "{}", cut.len());
    forge.order(Fault::CutJson, Some(1));
    let ended = get(&forge, ISSUES);
    assert!(serde_json::from_str::<Value>(&ended.body).unwrap_err().is_eof(), "HTTP is complete, the JSON is not");
    assert_eq!(get(&forge, ISSUES).status, 200);
}

#[test]
fn a_failure_of_the_server_comes_as_a_page_or_as_json_without_words() {
    let forge = sample(Options::default());
    forge.order(Fault::Panic, Some(1));
    assert_eq!(get(&forge, ISSUES).header("Content-Type"), Some("text/html"));
    forge.order(Fault::ServerError, Some(1));
    let failed = get(&forge, ISSUES);
    assert_eq!((failed.status, &failed.json()["message"]), (500, &json!("")));
}

#[test]
fn what_is_no_request_is_refused_and_a_large_head_has_its_limit() {
    let forge = sample(Options::default());
    let status = |bytes: &[u8]| {
        let answer = String::from_utf8_lossy(&exchange(&forge, bytes)).into_owned();
        answer.split(' ').nth(1).map(|status| status.parse::<u16>().unwrap())
    };
    let get = |more: &str| format!("GET /api/v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    for wrong in ["hello\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/3.7\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"] {
        assert_eq!(status(wrong.as_bytes()), Some(400), "{wrong:?}");
    }
    assert_eq!(status(get("nonsense\r\n").as_bytes()), Some(400));
    let many = "X-Y: z\r\n".repeat(70);
    assert_eq!(status(get(&many).as_bytes()), Some(200), "a server takes more than 64 headers");
    assert_eq!(status(get(&format!("X: {}\r\n", "a".repeat(100_000))).as_bytes()), Some(200));
    assert_eq!(status(get(&format!("X: {}\r\n", "a".repeat(2_000_000))).as_bytes()), Some(431));
    assert_eq!(status(get("").as_bytes()), Some(200), "the next one is served");
}

#[test]
fn the_largest_page_is_an_option() {
    let issues: Vec<Value> = (1..=25).map(|number| issue(number, json!({}))).collect();
    let project = Project::new("acme", "app", issues, vec![]);
    for flavour in Flavour::ALL {
        let options = Options { flavour, max_response_items: Some(10), ..Options::default() };
        let forge = DemoForge::start(&project, options).unwrap();
        let settings = get(&forge, "/settings/api").json();
        assert_eq!((&settings["max_response_items"], &settings["default_paging_num"]), (&json!(10), &json!(10)));
        for (query, count) in [("", 10), ("?limit=50", 10), ("?limit=3", 3), ("?limit=50&page=3", 5)] {
            let list = get(&forge, &format!("/repos/acme/app/issues{query}"));
            assert_eq!((list.json().as_array().unwrap().len(), list.header("X-Total-Count")), (count, Some("25")));
        }
    }
}
