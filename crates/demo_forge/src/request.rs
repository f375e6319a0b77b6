//! Reading a request from a connection, with limits.

use std::io::{self, Read};
use std::net::TcpStream;

/// The largest head of a request, in bytes, as Go's servers limit it.
const LARGEST_HEAD: usize = 1 << 20;

/// The most headers that a request may have.
const MOST_HEADERS: usize = 1 << 14;

/// A request that was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

/// What came on a connection.
pub(crate) enum Incoming {
    Request {
        request: Request,
        /// Whether the connection is to be closed after the answer.
        wants_close: bool,
        /// Whether the answer may come in chunks.
        takes_chunks: bool,
    },
    /// Something that is no request, with the status of its refusal.
    Bad(u16),
    /// The connection's end.
    End,
}

/// Reads a request's head, and takes it out of the buffer.
pub(crate) fn read(mut connection: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<Incoming> {
    let mut block = [0; 8 << 10];
    loop {
        if let Some((incoming, used)) = parse(buffer, 64) {
            buffer.drain(..used);
            return Ok(incoming);
        }
        if buffer.len() > LARGEST_HEAD {
            return Ok(Incoming::Bad(431));
        }
        match connection.read(&mut block)? {
            0 if buffer.is_empty() => return Ok(Incoming::End),
            0 => return Ok(Incoming::Bad(400)),
            count => buffer.extend_from_slice(&block[..count]),
        }
    }
}

/// Reads a head of at most `most` headers, and more on a second try; returns its length, too. None until it is complete.
fn parse(buffer: &[u8], most: usize) -> Option<(Incoming, usize)> {
    let mut headers = vec![httparse::EMPTY_HEADER; most];
    let mut parsed = httparse::Request::new(&mut headers);
    let used = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return None,
        Err(httparse::Error::TooManyHeaders) if most < MOST_HEADERS => return parse(buffer, most * 4),
        Err(httparse::Error::TooManyHeaders) => return Some((Incoming::Bad(431), buffer.len())),
        Err(_) => return Some((Incoming::Bad(400), buffer.len())),
    };
    let headers = |name: &str| -> Vec<String> {
        let found = parsed.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned()).collect()
    };
    let is_new = parsed.version == Some(1);
    let (hosts, lengths) = (headers("host").len(), headers("content-length"));
    let is_length = |length: &String| length.bytes().all(|byte| byte.is_ascii_digit()) && *length == lengths[0];
    if hosts > 1 || is_new && hosts == 0 || !lengths.iter().all(is_length) {
        return Some((Incoming::Bad(400), used));
    }
    let is_last = headers("connection").iter().any(|words| {
        let mut words = words.split(',').map(str::trim);
        words.any(|word| word.eq_ignore_ascii_case("close"))
    });
    // A request with a body is refused all the same, and its connection ends with the refusal.
    let has_body = lengths.iter().any(|length| length != "0") || !headers("transfer-encoding").is_empty();
    let wants_close = !is_new || is_last || has_body;
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        authorization: headers("authorization").into_iter().next(),
    };
    Some((Incoming::Request { request, wants_close, takes_chunks: is_new }, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> Option<u16> {
        match parse(head.as_bytes(), 64)?.0 {
            Incoming::Bad(status) => Some(status),
            _ => Some(200),
        }
    }

    #[test]
    fn a_client_says_when_the_connection_ends() {
        for (headers, expected) in [
            ("", false),
            ("Connection: TE, Close\r\n", true),
            ("Content-Length: 0\r\n", false),
            ("Content-Length: 5\r\n", true),
            ("Transfer-Encoding: chunked\r\n", true),
        ] {
            let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
            let Some((Incoming::Request { wants_close, .. }, _)) = parse(head.as_bytes(), 64) else { panic!("{head}") };
            assert_eq!(wants_close, expected, "{head}");
        }
    }

    #[test]
    fn a_head_is_read_whole_or_refused() {
        let many = |count: usize| format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Y: z\r\n".repeat(count));
        assert_eq!(status("GET / HTTP/1.1\r\nHost: x\r\n"), None, "the rest is still to come");
        for (head, expected) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200),
            ("GET / HTTP/1.0\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400),
            ("hello\r\n\r\n", 400),
            (&many(63), 200),
            (&many(70), 200),
            (&many(MOST_HEADERS + 1), 431),
        ] {
            assert_eq!(status(head), Some(expected), "{}", &head[..head.len().min(60)]);
        }
    }
}
