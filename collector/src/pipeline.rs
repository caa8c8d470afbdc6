//! The one thread that stores: takes what waits, folds it, commits it, and answers.
//! It never stops for a bad batch, and never says "stored" before it is.

mod gather;
#[cfg(test)]
mod tests;

use std::time::Duration;

use egret::template::Templates;
use tokio::sync::oneshot;

use crate::clock::unix_now_ns;
use crate::model::{Day, NotStored};
use crate::queue::{Answer, Entry, Outlet, Taken};
use crate::store::{Retention, Writer};
use gather::Gathered;

/// How often the thread looks at the day when nothing comes.
const IDLE: Duration = Duration::from_secs(60);

/// Resolves, with an error, once the thread has ended and everything it held is released.
pub(crate) type Ended = oneshot::Receiver<std::convert::Infallible>;

/// Starts the thread. It ends when the queue is closed and empty.
pub(crate) fn start(
    outlet: Outlet,
    writer: Writer,
    retention: Retention,
) -> Result<Ended, std::io::Error> {
    let (ended, receiver) = oneshot::channel();
    std::thread::Builder::new().name("egret-pipeline".to_owned()).spawn(move || {
        let pipeline =
            Pipeline { writer, retention, templates: Templates::default(), pruned: None };
        pipeline.run(&outlet);
        // Last of all: whoever waits for it may remove the directory, or open it again.
        drop(ended);
    })?;
    Ok(receiver)
}

struct Pipeline {
    writer: Writer,
    retention: Retention,
    /// Shared by all batches without roll-ups of their own, so that their templates are capped.
    templates: Templates,
    /// The day on which old things were last removed.
    pruned: Option<Day>,
}

impl Pipeline {
    fn run(mut self, outlet: &Outlet) {
        loop {
            self.prune_daily();
            match outlet.take(IDLE) {
                Taken::Entries(entries) => self.store(entries),
                Taken::Nothing => {}
                Taken::Closed => return,
            }
        }
    }

    /// Stores entries in one commit and answers each.
    fn store(&mut self, entries: Vec<Entry>) {
        let mut gathered = Gathered::default();
        let mut answers: Vec<(oneshot::Sender<Answer>, Answer)> = Vec::with_capacity(entries.len());
        for entry in entries {
            let verdict = gathered.add(&entry.received, &self.writer, &mut self.templates);
            if let Err(NotStored::Unreadable(problem)) = &verdict {
                let batch_id = entry.received.batch_id;
                tracing::error!(%batch_id, problem, "a batch that the door let in is unreadable");
            }
            answers.push((entry.answer, verdict));
        }
        let is_written = gathered.is_empty() || self.write(&gathered);
        for (sender, verdict) in answers {
            let answer =
                if is_written { verdict } else { verdict.and(Err(NotStored::StoreFailed)) };
            // The one who asked may have gone; the batch is stored all the same.
            let _ = sender.send(answer);
        }
    }

    fn write(&mut self, gathered: &Gathered) -> bool {
        match self.writer.write(gathered.group()) {
            Ok(()) => true,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "cannot store; senders are asked to try again");
                false
            }
        }
    }

    fn prune_daily(&mut self) {
        let now_ns = unix_now_ns();
        let today = Some(Day::of(now_ns));
        if self.pruned == today {
            return;
        }
        self.pruned = today;
        if let Err(error) = self.writer.prune(&self.retention, now_ns) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot remove what is too old; tried again tomorrow");
        }
    }
}
