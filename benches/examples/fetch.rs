//! The floor of a list: all its pages over 8 keep-alive connections, read and thrown away.
//!
//! `fetch HOST:PORT PATH` with a path that has its query begun.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a floor has nothing between itself and the system")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fetches a page; returns the total that the server counts.
fn page(connection: &mut BufReader<TcpStream>, host: &str, path: &str, page: usize) -> usize {
    write!(connection.get_mut(), "GET {path}&limit=50&page={page} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let (mut length, mut total, mut line) = (0, 0, String::new());
    loop {
        line.clear();
        connection.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-total-count" => total = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    total
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (host, path) = (&args[1], &args[2]);
    let connect = || {
        let connection = TcpStream::connect(host).unwrap();
        connection.set_nodelay(true).unwrap();
        BufReader::new(connection)
    };
    let mut first = connect();
    let last = page(&mut first, host, path, 1).div_ceil(50);
    let next = AtomicUsize::new(2);
    let work = |mut connection: BufReader<TcpStream>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > last {
                break;
            }
            page(&mut connection, host, path, number);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..8 {
            scope.spawn(|| work(connect()));
        }
        work(first);
    });
}
