//! The real terminal: standard streams, colour as the user wants it, the day.
//! It never panics over a closed pipe: who reads no further has read enough.

use std::io::{self, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Failure, Scan, Terminal};
use crate::audit;
use crate::findings::Conclusion;
use crate::report::Colour;

/// Runs a command on the real terminal, and says what failed.
///
/// Colour follows the terminal, `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.
pub fn on_terminal(
    command: impl FnOnce(&mut Terminal<'_>, Scan<'_>) -> Result<u8, Failure>,
) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    let colour = match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => Colour::Plain,
        _ => Colour::Styled,
    };
    let now = Timestamp::now().to_zoned(TimeZone::UTC).datetime();
    let mut terminal = Terminal { out: &mut out, err: &mut err, colour, now };
    let done = command(&mut terminal, &audit::scan);
    let code = done.and_then(|code| {
        out.flush()?;
        Ok(code)
    });
    match code {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What was judged is lost on the reader, so it counts as not judged.
            ExitCode::from(Conclusion::NotJudged.exit_code())
        }
        Err(failure) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(err, "egret: {failure}");
            ExitCode::from(Conclusion::NotJudged.exit_code())
        }
    }
}
