//! `demo_forge` as a program: what it serves, until it is interrupted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sandbox::{Sandbox, signal};

/// Starts the forge with these arguments, reads paths of its API with a token, and returns the answers after its line.
fn answers(args: &[&str], paths: &[&str]) -> Vec<String> {
    let sandbox = Sandbox::new();
    let mut forge = sandbox.call("demo_forge", args).start();
    let mut line = String::new();
    BufReader::new(forge.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let get = |path: &str| {
        let mut connection = TcpStream::connect(address).unwrap();
        let head =
            format!("GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: token t\r\nConnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).unwrap();
        reply
    };
    let replies: Vec<String> = paths.iter().map(|path| get(path)).collect();
    signal("TERM", forge.id());
    forge.wait().unwrap();
    [vec![line], replies].concat()
}

#[test]
fn the_repository_has_the_name_that_is_asked_for() {
    let paths = ["/version", "/repos/Ours/the.app-2", "/repos/acme/weatherbox"];
    let replies = answers(&["--gitea", "--slug", "Ours/the.app-2"], &paths);
    let [line, version, repository, other] = replies.as_slice() else { panic!("{replies:?}") };
    assert!(line.ends_with(" REPO_SLUG=Ours/the.app-2\n"), "{line}");
    assert!(version.contains("{\"version\":\"1.26.0+dev-469-g3db3c058b3\"}"), "{version}");
    assert!(repository.contains("\"full_name\":\"Ours/the.app-2\""), "{repository}");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
}

#[test]
fn the_server_the_scopes_and_the_largest_page_are_on_the_command_line() {
    let repository = "/repos/acme/weatherbox";
    let replies = answers(
        &["--server", "forgejo-15", "--token", "t", "--scope", "read:issue,public-only", "--max-response-items", "10"],
        &["/version", "/settings/api", "/repos/acme/weatherbox/issues", repository],
    );
    let [_, version, settings, issues, refused] = replies.as_slice() else { panic!("{replies:?}") };
    assert!(version.contains("15.0.3+gitea-1.22.0"), "{version}");
    assert!(settings.contains("\"max_response_items\":10,"), "{settings}");
    assert!(issues.contains("token scope is limited to public issues"), "{issues}");
    assert!(refused.contains("required scope(s): [read:repository]"), "{refused}");
    let replies = answers(&["--token", "t", "--public"], &[repository]);
    assert!(replies[1].starts_with("HTTP/1.1 200 ") && replies[1].contains("\"private\":false"), "{}", replies[1]);
    let sandbox = Sandbox::new();
    for (args, problem) in [
        (&["--server", "gitea"][..], "expected gitea-1.26, forgejo-17"),
        (&["--fault", "502*0"], "for no request"),
        (&["--scope", "read:issue"], "--token"),
        (&["--max-response-items", "0"], "1..="),
    ] {
        let ended = sandbox.run("demo_forge", args).code(2);
        assert!(ended.err.contains(problem), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_name_that_no_repository_can_have_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for slug in ["app", "/app", "ours/", "ours/app/x", "ours/../x", "our s/app", "../x"] {
        let ended = sandbox.run("demo_forge", &["--slug", slug]).code(2);
        assert!(ended.err.contains("OWNER/NAME"), "{slug}: {}", ended.err);
    }
}
