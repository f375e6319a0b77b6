//! The server: connections on loopback, keep-alive, and the faults that were ordered.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::access::Access;
use crate::answer::{Answer, Server};
use crate::api::Api;
use crate::fault::Fault;
use crate::flavour::Flavour;
use crate::lists::Lists;
use crate::paging::MOST;
use crate::project::{Project, ProjectError};
use crate::request::{self, Incoming, Request};

/// How long a connection that is refused is read on, so that the refusal arrives.
const LINGER: Duration = Duration::from_millis(300);

/// How a forge is set up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// Who may read.
    pub access: Access,
    /// Whose habits it has.
    pub flavour: Flavour,
    /// The address that it believes to have, in `Link` headers and pages; none for the true one.
    pub root_url: Option<String>,
    /// The largest page, `MAX_RESPONSE_ITEMS` in the servers' settings; none for their default of 50.
    pub max_response_items: Option<usize>,
}

/// A running forge; it ends when it is dropped.
pub struct DemoForge {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

/// A fault that was ordered.
struct Order {
    fault: Fault,
    /// For how many requests more; none for all.
    times: Option<usize>,
    /// How the paths end that meet it.
    path: String,
}

struct Shared {
    root: String,
    slug: String,
    flavour: Flavour,
    access: Access,
    /// The largest page.
    most: usize,
    date: String,
    lists: Mutex<Lists>,
    faults: Mutex<Vec<Order>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<HashMap<u64, TcpStream>>,
    /// The threads of the connections, of which those that have ended are let go with the next one.
    workers: Mutex<Vec<JoinHandle<()>>>,
    /// How many requests are being answered, and the most that ever were at once.
    current: AtomicUsize,
    peak: AtomicUsize,
    stopped: AtomicBool,
}

impl DemoForge {
    /// Starts a forge that serves `project`.
    ///
    /// # Errors
    /// The port is taken, or the project is wrong.
    pub fn start(project: &Project, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port))?;
        let address = listener.local_addr()?;
        let root = options.root_url.unwrap_or_else(|| format!("http://{address}"));
        let shared = Arc::new(Shared {
            lists: Mutex::new(project.lists(&root, options.flavour).map_err(wrong)?),
            slug: project.slug(),
            most: options.max_response_items.unwrap_or(MOST).max(1),
            flavour: options.flavour,
            access: options.access,
            date: project.now.unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            root,
            faults: Mutex::default(),
            requests: Mutex::default(),
            connections: Mutex::default(),
            workers: Mutex::default(),
            current: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { shared, address, acceptor: Some(acceptor) })
    }

    /// Returns the API's address, for the setting `gitea_api`.
    pub fn api(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    /// Orders a fault for the next `times` requests, or for all of them.
    pub fn order(&self, fault: Fault, times: Option<usize>) {
        held(&self.shared.faults).push(Order { fault, times, path: String::new() });
    }

    /// Orders a fault for all requests whose path ends like this.
    pub fn order_at(&self, path: &str, fault: Fault) {
        held(&self.shared.faults).push(Order { fault, times: None, path: path.to_owned() });
    }

    /// Takes back every fault that was ordered.
    pub fn behave(&self) {
        held(&self.shared.faults).clear();
    }

    /// Serves another state of the project from now on, under the same owner and name.
    ///
    /// # Errors
    /// The project is wrong.
    pub fn serve_instead(&self, project: &Project) -> io::Result<()> {
        *held(&self.shared.lists) = project.lists(&self.shared.root, self.shared.flavour).map_err(wrong)?;
        Ok(())
    }

    /// Returns the requests so far, in the order of their coming.
    pub fn requests(&self) -> Vec<Request> {
        held(&self.shared.requests).clone()
    }

    /// Returns how many requests were being answered at once, at most. A request counts until its answer is about to be sent:
    /// what the client does after it has the answer does not count twice.
    pub fn peak_requests(&self) -> usize {
        self.shared.peak.load(Ordering::Relaxed)
    }

    /// Closes an open issue or pull request, as of `time` (RFC 3339).
    pub fn close(&self, number: u64, time: &str) {
        held(&self.shared.lists).close(number, time);
    }
}

impl Drop for DemoForge {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for connection in held(&self.shared.connections).values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the acceptor, which then sees that it is over. Where the system has no more file descriptors it is not woken, and is
        // not waited for: it ends with the process.
        let is_woken = TcpStream::connect(self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| is_woken) {
            let _ = acceptor.join();
        }
        let workers = std::mem::take(&mut *held(&self.shared.workers));
        for worker in workers {
            let _ = worker.join();
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(error: ProjectError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (id, connection) in (0..).zip(listener.incoming()) {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let Ok(handle) = connection.try_clone() else { continue };
        held(&shared.connections).insert(id, handle);
        let worker = std::thread::Builder::new().spawn({
            let shared = Arc::clone(shared);
            move || {
                // A client that breaks the connection off is no trouble of the server's.
                let _ = serve(&connection, &shared);
                let _ = connection.shutdown(Shutdown::Both);
                held(&shared.connections).remove(&id);
            }
        });
        let mut workers = held(&shared.workers);
        workers.retain(|worker| !worker.is_finished());
        match worker {
            Ok(worker) => workers.push(worker),
            // Where the system starts no more threads, the connection is closed.
            Err(_) => drop(held(&shared.connections).remove(&id)),
        }
    }
}

/// A request that is being answered.
struct InProgress<'a>(&'a Shared);

impl<'a> InProgress<'a> {
    fn begin(shared: &'a Shared) -> Self {
        let count = shared.current.fetch_add(1, Ordering::Relaxed) + 1;
        shared.peak.fetch_max(count, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.current.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves one connection until the client closes it, or a fault does.
fn serve(connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let (request, wants_close, takes_chunks) = match request::read(connection, &mut buffer)? {
            Incoming::Request { request, wants_close, takes_chunks } => (request, wants_close, takes_chunks),
            Incoming::Bad(status) => return refuse(connection, shared, status),
            Incoming::End => return Ok(()),
        };
        held(&shared.requests).push(request.clone());
        let in_progress = InProgress::begin(shared);
        let faults = shared.faults_for(&request);
        if let Some(Fault::Latency(time)) = faults.iter().find(|fault| matches!(fault, Fault::Latency(_))) {
            std::thread::sleep(*time);
        }
        if faults.contains(&Fault::Drop) {
            return Ok(());
        }
        if faults.contains(&Fault::Hang) {
            return hang(connection, shared);
        }
        let mut answer = shared.faulty(&request, &faults).unwrap_or_else(|| shared.answer(&request, &faults));
        if faults.contains(&Fault::CutJson) {
            let half = (0..=answer.body.len() / 2).rev().find(|at| answer.body.is_char_boundary(*at));
            answer.body.truncate(half.unwrap_or(0));
        }
        let (head, bytes) = answer.bytes(&shared.date, takes_chunks);
        drop(in_progress);
        send(connection, shared, &faults, head, &bytes)?;
        if wants_close || faults.contains(&Fault::CutBody) {
            return Ok(());
        }
    }
}

/// Writes an answer, whose head is so long, as the faults will have it.
fn send(mut connection: &TcpStream, shared: &Shared, faults: &[Fault], head: usize, bytes: &[u8]) -> io::Result<()> {
    if faults.contains(&Fault::CutBody) {
        return connection.write_all(&bytes[..head + (bytes.len() - head) / 2]);
    }
    if !faults.contains(&Fault::Drip) {
        return connection.write_all(bytes);
    }
    // With the size of the first chunk.
    let (first, rest) = bytes.split_at((head + 8).min(bytes.len()));
    connection.write_all(first)?;
    for byte in rest {
        std::thread::sleep(Duration::from_millis(200));
        if shared.stopped.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        connection.write_all(&[*byte])?;
    }
    Ok(())
}

/// Refuses what is no request. What the client still sends is read for a moment: a connection that is closed with something
/// unread loses the refusal.
fn refuse(mut connection: &TcpStream, shared: &Shared, status: u16) -> io::Result<()> {
    connection.write_all(&Answer::bad_request(status).bytes(&shared.date, false).1)?;
    connection.shutdown(Shutdown::Write)?;
    connection.set_read_timeout(Some(LINGER))?;
    let mut block = [0; 8 << 10];
    loop {
        let count = connection.read(&mut block)?;
        if count == 0 || shared.stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

impl Shared {
    /// Takes the faults that a request meets, and counts them off.
    fn faults_for(&self, request: &Request) -> Vec<Fault> {
        let is_first_page = request.target.contains("/issues?") && request.target.contains("page=1");
        let path = request.target.split('?').next().unwrap_or_default();
        let mut met = Vec::new();
        held(&self.faults).retain_mut(|Order { fault, times, path: end }| {
            if *fault == Fault::Moving && !is_first_page || !path.ends_with(&**end) {
                return true;
            }
            met.push(fault.clone());
            if let Some(times) = times {
                *times -= 1;
            }
            *times != Some(0)
        });
        met
    }

    /// The answer that a fault puts in the place of the server's own, if one does.
    fn faulty(&self, request: &Request, faults: &[Fault]) -> Option<Answer> {
        let server = Server { flavour: self.flavour, root: &self.root };
        let mut answers = faults.iter().filter_map(|fault| match fault {
            Fault::TooManyRequests(seconds) => {
                Some(Answer::html(429, "429 Too Many Requests").with("Retry-After", seconds.to_string()))
            }
            Fault::BadGateway => Some(Answer::html(502, "502 Bad Gateway")),
            Fault::Panic => Some(Answer::html(500, "500 - Internal Server Error")),
            Fault::ServerError => Some(server.message(500, "")),
            Fault::NotJson => Some(Answer::html(200, "Sign In")),
            Fault::Redirect(url) => Some(Answer::empty(307).with("Location", format!("{url}{}", request.target))),
            Fault::BadToken => {
                let token = request.authorization.as_deref().and_then(|header| header.split(' ').next_back());
                let message = format!("access token does not exist [sha: {}]", token.unwrap_or_default());
                Some(server.message(401, &message))
            }
            _ => None,
        });
        answers.next_back()
    }

    fn answer(&self, request: &Request, faults: &[Fault]) -> Answer {
        let mut lists = held(&self.lists);
        let cap = faults.iter().find_map(|fault| if let Fault::PageCap(most) = fault { Some(*most) } else { None });
        let api = Api {
            server: Server { flavour: self.flavour, root: &self.root },
            slug: &self.slug,
            lists: &lists,
            access: &self.access,
            most: cap.map_or(self.most, |cap| cap.min(self.most)),
            counts: !faults.contains(&Fault::NoTotal),
            null_entries: faults.contains(&Fault::NullEntries),
        };
        let answer = api.answer(&request.method, &request.target, request.authorization.as_deref());
        if faults.contains(&Fault::Moving) {
            let newest = lists.issues.iter().find(|entry| entry.is_open && !entry.is_pull).map(|entry| entry.number);
            if let Some(number) = newest {
                lists.close(number, "2026-03-21T07:30:00Z");
            }
        }
        answer
    }
}

/// Waits silently until the client gives up or the forge ends.
fn hang(mut connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut sent = 1;
    while sent > 0 && !shared.stopped.load(Ordering::Relaxed) {
        sent = connection.read(&mut [0; 64])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_of_connections_that_have_ended_are_let_go() {
        let forge = DemoForge::start(&Project::new("acme", "app", vec![], vec![]), Options::default()).unwrap();
        for _ in 0..200 {
            let mut connection = TcpStream::connect(forge.address).unwrap();
            connection.write_all(b"GET /api/v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            connection.read_to_end(&mut Vec::new()).unwrap();
        }
        let kept = held(&forge.shared.workers).len();
        assert!(kept < 100, "{kept} threads are kept");
    }
}
