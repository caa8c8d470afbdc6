//! A collector that runs until it is told to stop.
//! It never exits on a signal before what it acknowledged is stored.

use tokio::signal;

use super::{Collector, StartError};
use crate::config::Settings;

/// Serves until SIGTERM or SIGINT, then shuts down.
///
/// # Errors
/// When the collector cannot start.
pub async fn serve(settings: Settings) -> Result<(), StartError> {
    // Listened for before anything can be acknowledged.
    let stop = stop_signal().map_err(StartError::Thread)?;
    let collector = Collector::start(settings).await?;
    tracing::info!("listening on {}", collector.url());
    stop.await;
    tracing::info!("shutting down");
    collector.shutdown().await;
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without signals there is only the end of the process.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
