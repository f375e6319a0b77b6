//! An HTTP answer, in the shapes and words that the servers give theirs.

use serde_json::json;

use crate::flavour::Flavour;

/// A body that is longer is sent in chunks, as Go does; in bytes.
const WHOLE: usize = 2048;

/// The size of a chunk, in bytes.
const CHUNK: usize = 4096;

/// An answer before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// The server in whose words an answer is.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    pub flavour: Flavour,
    pub root: &'a str,
}

impl Server<'_> {
    /// 200 with JSON; the body ends in a newline.
    pub(crate) fn json(self, body: &str) -> Answer {
        let more = if self.flavour == Flavour::Forgejo { "" } else { ", no-transform" };
        let headers = vec![
            ("Cache-Control", format!("max-age=0, private, must-revalidate{more}")),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        Answer { status: 200, kind: "application/json;charset=utf-8", headers, body: format!("{body}\n") }
    }

    /// A refusal with `message` and `url`: almost all of them.
    pub(crate) fn message(self, status: u16, message: &str) -> Answer {
        let body = json!({"message": message, "url": self.help()});
        Answer { status, ..self.json(&body.to_string()) }
    }

    /// A refusal with `message` alone.
    pub(crate) fn bare_message(self, status: u16, message: &str) -> Answer {
        Answer { status, ..self.json(&json!({"message": message}).to_string()) }
    }

    /// The 404 that reveals nothing.
    pub(crate) fn not_found(self) -> Answer {
        self.not_found_because(self.absence(), None)
    }

    /// The words for what is not there.
    pub(crate) fn absence(self) -> &'static str {
        if self.flavour == Flavour::Gitea { "not found" } else { "The target couldn't be found." }
    }

    /// A 404 with what was looked for.
    pub(crate) fn not_found_because(self, message: &str, error: Option<String>) -> Answer {
        let body = match (self.flavour.is_gitea(), error) {
            (true, None) => json!({"errors": null, "message": message, "url": self.help()}),
            (true, Some(error)) => json!({"errors": [error], "message": message, "url": self.help()}),
            (false, error) => json!({"message": message, "url": self.help(), "errors": Vec::from_iter(error)}),
        };
        Answer { status: 404, ..self.json(&body.to_string()) }
    }

    /// A redirect to a path of this server.
    pub(crate) fn moved(self, status: u16, path: &str) -> Answer {
        let body = format!("<a href=\"{path}\">{}</a>.\n\n", reason(status));
        let answer = Answer { status, kind: "text/html; charset=utf-8", body, ..self.json("") };
        answer.with("Location", path.to_owned())
    }

    fn help(self) -> String {
        format!("{}/api/swagger", self.root)
    }
}

impl Answer {
    /// The 404 of a path that the router does not know.
    pub(crate) fn no_such_page() -> Self {
        let body = "404 page not found\n".to_owned();
        Self { status: 404, kind: "text/plain; charset=utf-8", headers: Vec::new(), body }
    }

    /// An answer with no body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, kind: "text/plain", headers: Vec::new(), body: String::new() }
    }

    /// The refusal of what is no request; the connection ends with it.
    pub(crate) fn bad_request(status: u16) -> Self {
        let body = format!("{status} {}", reason(status));
        let answer = Self { status, kind: "text/plain; charset=utf-8", headers: Vec::new(), body };
        answer.with("Connection", "close".to_owned())
    }

    /// The page of a proxy in front of the server.
    pub(crate) fn html(status: u16, title: &str) -> Self {
        let body =
            format!("<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n");
        Self { status, kind: "text/html", headers: Vec::new(), body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Writes the answer out, with `date` as the server's clock; returns the length of the head, too. A long body is sent in
    /// chunks where the client takes them.
    pub(crate) fn bytes(&self, date: &str, takes_chunks: bool) -> (usize, Vec<u8>) {
        let (status, kind) = (self.status, self.kind);
        let mut head = format!("HTTP/1.1 {status} {}\r\nDate: {date}\r\nContent-Type: {kind}\r\n", reason(status));
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let in_chunks = takes_chunks && self.body.len() > WHOLE;
        if in_chunks {
            head.push_str("Transfer-Encoding: chunked\r\n\r\n");
        } else {
            head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        }
        let (length, mut bytes) = (head.len(), head.into_bytes());
        if in_chunks {
            for chunk in self.body.as_bytes().chunks(CHUNK) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(self.body.as_bytes());
        }
        (length, bytes)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
