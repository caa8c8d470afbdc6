//! The floor: receives bodies and appends them to a file, synced in groups, and nothing else.
//! Never looks into a body: no program that acknowledges what is durable can do less.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context, Result};

type Entry = (Vec<u8>, Sender<()>);

/// Serves until it is killed.
pub(crate) fn serve(dir: &Path) -> Result<()> {
    let file = File::create(dir.join("floor.log"))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (entries, taken) = channel();
    std::thread::spawn(move || write(&file, &taken));
    eprintln!("listening on http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, entries) = (stream?, entries.clone());
        // A connection ends with an error when the sender is done.
        std::thread::spawn(move || receive(stream, &entries).unwrap_or_default());
    }
    Ok(())
}

/// Everything that waits is written and synced together.
fn write(mut file: &File, taken: &Receiver<Entry>) -> Result<()> {
    let mut buffer = Vec::new();
    while let Ok(first) = taken.recv() {
        let group: Vec<Entry> = std::iter::once(first).chain(taken.try_iter()).collect();
        buffer.clear();
        group.iter().for_each(|(body, _)| buffer.extend_from_slice(body));
        file.write_all(&buffer)?;
        file.sync_data()?;
        for (_, answer) in group {
            let _ = answer.send(());
        }
    }
    Ok(())
}

fn receive(stream: TcpStream, entries: &Sender<Entry>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    let (answer, answered) = channel();
    loop {
        let mut body = vec![0; content_length(&mut stream)?];
        stream.read_exact(&mut body)?;
        entries.send((body, answer.clone()))?;
        answered.recv()?;
        stream.get_mut().write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
    }
}

fn content_length(stream: &mut impl BufRead) -> Result<usize> {
    let (mut line, mut n_bytes) = (String::new(), None);
    loop {
        line.clear();
        let n_read = stream.read_line(&mut line)?;
        if n_read == 0 || line.trim().is_empty() {
            return n_bytes.context("no content-length");
        }
        if let Some(length) = line.strip_prefix("content-length: ") {
            n_bytes = Some(length.trim().parse()?);
        }
    }
}
