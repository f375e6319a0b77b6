//! The server: connections on loopback, keep-alive, and the faults that were ordered.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::access::Access;
use crate::answer::Answer;
use crate::api::Api;
use crate::entry::text;
use crate::fault::Fault;
use crate::paging::MOST;
use crate::project::{Flavour, Lists, Project};

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
}

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
    version: &'static str,
    flavour: Flavour,
    access: Access,
    date: String,
    lists: Mutex<Lists>,
    faults: Mutex<Vec<Order>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<HashMap<u64, TcpStream>>,
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
    /// The port is taken.
    pub fn start(project: &Project, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port))?;
        let address = listener.local_addr()?;
        let root = options.root_url.unwrap_or_else(|| format!("http://{address}"));
        let shared = Arc::new(Shared {
            lists: Mutex::new(project.lists(&root, options.flavour)),
            slug: project.slug(),
            version: options.flavour.version(),
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
    pub fn serve_instead(&self, project: &Project) {
        *held(&self.shared.lists) = project.lists(&self.shared.root, self.shared.flavour);
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
        close(&mut held(&self.shared.lists), number, time);
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

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (id, connection) in (0..).zip(listener.incoming()) {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let Ok(handle) = connection.try_clone() else { continue };
        held(&shared.connections).insert(id, handle);
        let worker = std::thread::spawn({
            let shared = Arc::clone(shared);
            move || {
                // A client that breaks the connection off is no trouble of the server's.
                let _ = serve(&connection, &shared);
                let _ = connection.shutdown(Shutdown::Both);
                held(&shared.connections).remove(&id);
            }
        });
        held(&shared.workers).push(worker);
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
fn serve(mut connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some((request, used, wants_close)) = read_request(connection, &mut buffer)? else { return Ok(()) };
        buffer.drain(..used);
        held(&shared.requests).push(request.clone());
        let in_progress = InProgress::begin(shared);
        let faults = shared.faults_for(&request);
        let mut answer = None;
        let (mut cut, mut drip) = (false, false);
        for fault in &faults {
            match fault {
                Fault::Latency(time) => std::thread::sleep(*time),
                Fault::Drop => return Ok(()),
                Fault::Hang => return hang(connection, shared),
                Fault::TooManyRequests(seconds) => {
                    answer = Some(Answer::html(429, "429 Too Many Requests").with("Retry-After", seconds.to_string()));
                }
                Fault::BadGateway => answer = Some(Answer::html(502, "502 Bad Gateway")),
                Fault::Panic => answer = Some(Answer::html(500, "500 - Internal Server Error")),
                Fault::NotJson => answer = Some(Answer::html(200, "Sign In")),
                Fault::Redirect(url) => {
                    answer = Some(Answer::empty(307).with("Location", format!("{url}{}", request.target)));
                }
                Fault::BadToken => {
                    let token = request.authorization.as_deref().and_then(|header| header.split(' ').next_back());
                    let message = format!("access token does not exist [sha: {}]", token.unwrap_or_default());
                    answer = Some(Answer::message(401, &message));
                }
                Fault::CutBody => cut = true,
                Fault::Drip => drip = true,
                Fault::PageCap(_) | Fault::Moving | Fault::NullEntries | Fault::NoTotal => {}
            }
        }
        let answer = answer.unwrap_or_else(|| shared.answer(&request, &faults));
        let bytes = answer.bytes(&shared.date);
        drop(in_progress);
        if cut {
            return connection.write_all(&bytes[..bytes.len() - answer.body.len().div_ceil(2)]);
        }
        if drip {
            let slow = bytes.len() - answer.body.len() + 1;
            connection.write_all(&bytes[..slow])?;
            for byte in &bytes[slow..] {
                std::thread::sleep(Duration::from_millis(200));
                if shared.stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
                connection.write_all(&[*byte])?;
            }
        } else {
            connection.write_all(&bytes)?;
        }
        if wants_close {
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

    fn answer(&self, request: &Request, faults: &[Fault]) -> Answer {
        let mut lists = held(&self.lists);
        let api = Api {
            root: &self.root,
            slug: &self.slug,
            version: self.version,
            lists: &lists,
            access: &self.access,
            page_cap: faults
                .iter()
                .find_map(|fault| if let Fault::PageCap(most) = fault { Some(*most) } else { None })
                .unwrap_or(MOST),
            counts: !faults.contains(&Fault::NoTotal),
            null_entries: faults.contains(&Fault::NullEntries),
        };
        let answer = api.answer(&request.method, &request.target, request.authorization.as_deref());
        if faults.contains(&Fault::Moving) {
            let newest = lists.issues.iter().find(|entry| entry.is_open && !entry.is_pull).map(|entry| entry.number);
            if let Some(number) = newest {
                close(&mut lists, number, "2026-03-21T07:30:00Z");
            }
        }
        answer
    }
}

fn close(lists: &mut Lists, number: u64, time: &str) {
    let Lists { issues, pulls, single_pulls, .. } = lists;
    for entry in issues.iter_mut().chain(pulls).chain(single_pulls).filter(|entry| entry.number == number) {
        entry.is_open = false;
        entry.updated = records::parse_time(time).unwrap_or(entry.updated);
        entry.closed = Some(entry.updated);
        if let Ok(Value::Object(mut object)) = serde_json::from_str(&entry.json) {
            object.insert("state".to_owned(), "closed".into());
            object.insert("closed_at".to_owned(), time.into());
            object.insert("updated_at".to_owned(), time.into());
            entry.json = text(&Value::Object(object));
        }
    }
}

/// Reads a request's head; returns it with its length and whether the connection is to be closed after it. None at the
/// connection's end.
fn read_request(mut connection: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<(Request, usize, bool)>> {
    let mut block = [0; 8 << 10];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let status =
            parsed.parse(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        if let httparse::Status::Complete(used) = status {
            let header = |name: &str| {
                let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                found.map(|header| String::from_utf8_lossy(header.value).into_owned())
            };
            // A request with a body is refused all the same, and its connection ends with the refusal.
            let wants_close = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
                || header("content-length").is_some_and(|length| length != "0");
            let request = Request {
                method: parsed.method.unwrap_or_default().to_owned(),
                target: parsed.path.unwrap_or_default().to_owned(),
                authorization: header("authorization"),
            };
            return Ok(Some((request, used, wants_close)));
        }
        match connection.read(&mut block)? {
            0 => return Ok(None),
            count => buffer.extend_from_slice(&block[..count]),
        }
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
