//! The floor of a list: reads all its pages over 8 keep-alive connections and discards them. Also the floor of single entries:
//! reads that number of them.
//!
//! `fetch HOST:PORT PATH`, where the path already contains a `?`, or `fetch HOST:PORT PATH COUNT` for `PATH/1` and so on.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a floor calls the system directly")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reads a response; returns the total count that the server reports.
fn get(connection: &mut BufReader<TcpStream>, host: &str, path: &str) -> usize {
    write!(connection.get_mut(), "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
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
    let count: Option<usize> = args.get(3).map(|count| count.parse().unwrap());
    let address = |number: usize| match count {
        Some(_) => format!("{path}/{number}"),
        None => format!("{path}&limit=50&page={number}"),
    };
    let total = get(&mut first, host, &address(1));
    let last = count.unwrap_or(total.div_ceil(50));
    let next = AtomicUsize::new(2);
    let work = |mut connection: BufReader<TcpStream>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > last {
                break;
            }
            get(&mut connection, host, &address(number));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..8 {
            scope.spawn(|| work(connect()));
        }
        work(first);
    });
}
