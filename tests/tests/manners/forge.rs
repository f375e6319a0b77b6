//! `demo_forge` as a program: what it serves, until it is interrupted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sandbox::{Sandbox, signal};

#[test]
fn the_repository_has_the_name_that_is_asked_for() {
    let sandbox = Sandbox::new();
    let mut forge = sandbox.call("demo_forge", ["--gitea", "--slug", "Ours/the.app-2"]).start();
    let mut line = String::new();
    BufReader::new(forge.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let get = |path: &str| {
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        let mut connection = TcpStream::connect(address).unwrap();
        write!(connection, "GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).unwrap();
        reply
    };
    let (version, repository, other) = (get("/version"), get("/repos/Ours/the.app-2"), get("/repos/acme/weatherbox"));
    signal("TERM", forge.id());
    forge.wait().unwrap();
    assert!(line.ends_with(" REPO_SLUG=Ours/the.app-2\n"), "{line}");
    assert!(version.contains("{\"version\":\"1.23.8\"}"), "{version}");
    assert!(repository.contains("\"full_name\":\"Ours/the.app-2\""), "{repository}");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
}

#[test]
fn a_name_that_no_repository_can_have_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for slug in ["app", "/app", "ours/", "ours/app/x", "ours/../x", "our s/app", "../x"] {
        let ended = sandbox.run("demo_forge", &["--slug", slug]).code(2);
        assert!(ended.err.contains("OWNER/NAME"), "{slug}: {}", ended.err);
    }
}
