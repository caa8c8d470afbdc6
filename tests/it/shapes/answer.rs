//! What a scripted server does once it has read a request: bytes, pauses and ends, in order.
//! Never tidies anything up: wrong lengths, broken chunks and silence are what it is for.

use std::net::SocketAddr;
use std::time::Duration;

/// One thing that the server does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Writes the bytes with one write.
    Send(Vec<u8>),
    /// Waits, to be slow.
    Pause(Duration),
    /// Says nothing more until the client hangs up.
    Hold,
    /// Ends the connection with a TCP reset.
    Reset,
    /// Ends the connection in good order.
    Close,
    /// Ends the connection without TLS's own goodbye.
    Drop,
    /// Sends back whatever arrives.
    Echo,
}

/// The steps of one answer. Where it does not end the connection, the next request may follow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer(pub(crate) Vec<Step>);

/// Begins an answer. A line break in the text is one of HTTP's, a carriage return and a line feed.
pub(crate) fn say(text: &str) -> Answer {
    Answer::default().say(text)
}

impl Answer {
    pub(crate) fn say(self, text: &str) -> Self {
        self.send(text.replace('\n', "\r\n").into_bytes())
    }

    pub(crate) fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    /// One chunk of the chunked transfer coding, with its frame.
    pub(crate) fn chunk(self, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        let mut framed = format!("{:x}\r\n", data.len()).into_bytes();
        framed.extend_from_slice(data);
        framed.extend_from_slice(b"\r\n");
        self.send(framed)
    }

    /// The chunk that says that there are no more, and the trailers, one a line.
    pub(crate) fn last_chunk(self, trailers: &str) -> Self {
        self.say(&format!("0\n{trailers}\n"))
    }

    pub(crate) fn pause(self, duration: Duration) -> Self {
        self.then(Step::Pause(duration))
    }

    pub(crate) fn hold(self) -> Self {
        self.then(Step::Hold)
    }

    pub(crate) fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    pub(crate) fn close(self) -> Self {
        self.then(Step::Close)
    }

    pub(crate) fn drop_connection(self) -> Self {
        self.then(Step::Drop)
    }

    pub(crate) fn echo(self) -> Self {
        self.then(Step::Echo)
    }

    /// With the server's own address and port where the script says `{server}` and `{port}`.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        let fill_in = |step: &Step| match step {
            Step::Send(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if text.contains("{server}") || text.contains("{port}") => {
                    let text = text.replace("{server}", &address.to_string());
                    Step::Send(text.replace("{port}", &address.port().to_string()).into_bytes())
                }
                _ => step.clone(),
            },
            step => step.clone(),
        };
        Self(self.0.iter().map(fill_in).collect())
    }

    fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}
