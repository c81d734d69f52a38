//! Small servers on this machine that are no panels.

use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a server answers every request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Habit {
    /// It closes the connection at once.
    Closes,
    /// It says nothing.
    Silent,
    /// It sends this content, with this type.
    Says(&'static str, &'static [u8]),
    /// It sends a hundred megabytes.
    Floods,
    /// It answers each request as is written for it.
    Plays(Script),
}

/// What a server answers to its first request, its second, …: the whole answer; none: it closes the
/// connection.
#[derive(Clone, Copy)]
pub(crate) struct Script(&'static (dyn Fn(usize) -> Option<String> + Send + Sync));

impl Script {
    /// It lives as long as the tests do.
    pub(crate) fn new(answer: impl Fn(usize) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Box::leak(Box::new(answer)))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script(…)")
    }
}

/// An answer of JSON, after which the connection ends.
pub(crate) fn json(status: u16, more: &str, content: &str) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n{more}\r\n{content}",
        content.len()
    )
}

/// A server; it ends with this.
pub(crate) struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new(habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let (count, over) = (Arc::clone(&connections), Arc::clone(&is_over));
        let accepting = std::thread::spawn(move || accept(&listener, habit, &count, &over));
        Self {
            url: format!("http://{address}"),
            connections,
            is_over,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many connections it has seen.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// The address of a port at which nobody listens.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn accept(listener: &TcpListener, habit: Habit, count: &AtomicUsize, is_over: &Arc<AtomicBool>) {
    for stream in listener.incoming() {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let Ok(stream) = stream else { continue };
        let is_over = Arc::clone(is_over);
        // Whoever asked may be gone before the answer is.
        std::thread::spawn(move || answer(stream, habit, number, &is_over).ok());
    }
}

fn answer(
    mut stream: TcpStream,
    habit: Habit,
    number: usize,
    is_over: &AtomicBool,
) -> std::io::Result<()> {
    if let Habit::Closes = habit {
        return Ok(());
    }
    read_head(&mut stream)?;
    match habit {
        Habit::Closes => Ok(()),
        Habit::Silent => {
            while !is_over.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
        Habit::Says(kind, content) => {
            write_head(&mut stream, kind, content.len())?;
            stream.write_all(content)
        }
        Habit::Floods => {
            let megabyte = vec![b'x'; 1_000_000];
            write_head(&mut stream, "application/json", 100 * megabyte.len())?;
            (0..100).try_for_each(|_| stream.write_all(&megabyte))
        }
        Habit::Plays(Script(answer)) => match answer(number) {
            Some(answer) => stream.write_all(answer.as_bytes()),
            None => Ok(()),
        },
    }
}

/// Reads a request to the end of its header section; none in these tests needs more.
fn read_head(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    Ok(())
}

fn write_head(stream: &mut TcpStream, kind: &str, length: usize) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}
