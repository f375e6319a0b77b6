//! A client that shows an answer as it came.

use std::io::{Read, Write};
use std::net::TcpStream;

use demo_forge::{Access, DemoForge, Flavour, Options, Project};
use serde_json::{Value, json};

/// The valid token of a forge that [`signed`] asks.
pub(crate) const TOKEN: &str = "good";

/// An answer.
pub(crate) struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    /// Takes an answer apart, chunks put together.
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Self { status, head: head.to_owned(), body: body.to_owned() };
        if reply.header("Transfer-Encoding") == Some("chunked") {
            reply.body = whole(body.as_bytes());
        }
        reply
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Puts chunks together.
fn whole(mut bytes: &[u8]) -> String {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        bytes = &bytes[end + 2..];
        if size == 0 {
            return String::from_utf8(body).unwrap();
        }
        body.extend_from_slice(&bytes[..size]);
        bytes = &bytes[size + 2..];
    }
}

/// Sends these bytes and returns everything that comes until the connection ends.
pub(crate) fn exchange(forge: &DemoForge, bytes: &[u8]) -> Vec<u8> {
    let api = forge.api();
    let mut connection = TcpStream::connect(api.trim_start_matches("http://").trim_end_matches("/api/v1")).unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    answer
}

/// Makes a request with these header lines.
pub(crate) fn ask(forge: &DemoForge, method: &str, path: &str, headers: &str) -> Reply {
    let head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
    Reply::read(&String::from_utf8(exchange(forge, head.as_bytes())).unwrap())
}

/// Reads a path of the API without a token.
pub(crate) fn get(forge: &DemoForge, path: &str) -> Reply {
    ask(forge, "GET", path, "")
}

/// Reads a path of the API with [`TOKEN`].
pub(crate) fn signed(forge: &DemoForge, path: &str) -> Reply {
    ask(forge, "GET", path, &format!("Authorization: token {TOKEN}\r\n"))
}

/// Serves a project as this server, with [`TOKEN`] as the one valid token.
pub(crate) fn start(project: &Project, flavour: Flavour) -> DemoForge {
    let access = Access { token: Some(TOKEN.to_owned()), ..Access::default() };
    DemoForge::start(project, Options { flavour, access, ..Options::default() }).unwrap()
}

/// Serves the sample project.
pub(crate) fn sample(options: Options) -> DemoForge {
    DemoForge::start(&Project::sample().unwrap(), options).unwrap()
}

/// An issue of a project, with more keys.
#[expect(clippy::needless_pass_by_value, reason = "a literal")]
pub(crate) fn issue(number: u64, more: Value) -> Value {
    let mut issue = json!({"number": number, "title": format!("Issue {number}"), "created_at": "2026-03-01T00:00:00Z",
                           "updated_at": "2026-03-02T00:00:00Z"});
    issue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    issue
}
