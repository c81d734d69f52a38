//! Small servers on this machine that are no panels.

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
        count.fetch_add(1, Ordering::SeqCst);
        let Ok(stream) = stream else { continue };
        let is_over = Arc::clone(is_over);
        // Whoever asked may be gone before the answer is.
        std::thread::spawn(move || answer(stream, habit, &is_over).ok());
    }
}

fn answer(mut stream: TcpStream, habit: Habit, is_over: &AtomicBool) -> std::io::Result<()> {
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
