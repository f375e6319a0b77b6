//! An HTTP answer, in the shapes that the servers give theirs.

use serde_json::json;

/// An answer before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// 200 with JSON; the body ends in a newline.
    pub(crate) fn json(body: &str) -> Self {
        let headers = vec![
            ("Cache-Control", "max-age=0, private, must-revalidate".to_owned()),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        Self { status: 200, kind: "application/json;charset=utf-8", headers, body: format!("{body}\n") }
    }

    /// A refusal with `message` and `url`: almost all of them.
    pub(crate) fn message(status: u16, message: &str) -> Self {
        let body = json!({"message": message, "url": "http://localhost/api/swagger"});
        Self { status, ..Self::json(&body.to_string()) }
    }

    /// A refusal with `message` alone.
    pub(crate) fn bare_message(status: u16, message: &str) -> Self {
        Self { status, ..Self::json(&json!({"message": message}).to_string()) }
    }

    /// The 404 that reveals nothing.
    pub(crate) fn not_found() -> Self {
        let body =
            json!({"message": "The target couldn't be found.", "url": "http://localhost/api/swagger", "errors": []});
        Self { status: 404, ..Self::json(&body.to_string()) }
    }

    /// The 404 of a path that the router does not know.
    pub(crate) fn no_such_page() -> Self {
        let body = "404 page not found\n".to_owned();
        Self { status: 404, kind: "text/plain; charset=utf-8", headers: Vec::new(), body }
    }

    /// An answer with no body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, kind: "text/plain", headers: Vec::new(), body: String::new() }
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

    /// Writes the answer out, with `date` as the server's clock.
    pub(crate) fn bytes(&self, date: &str) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            301 => "Moved Permanently",
            307 => "Temporary Redirect",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            422 => "Unprocessable Entity",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            _ => "Status",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\nDate: {date}\r\nContent-Type: {}\r\n", self.status, self.kind);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }
}
