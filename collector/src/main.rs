//! The collector's command line.
//! It never holds logic: it reads settings, starts the runtime, and says what went wrong.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use egret_collector::config::{Cli, Command, ServeFlags, Settings};
use egret_collector::{export_command, queue_command, token_command};
use tracing_subscriber::EnvFilter;

/// A batch is decoded on one thread and stored on another, in many small values: with glibc's allocator
/// all of it costs an eighth more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    start_log();
    let done = match Cli::parse().command {
        Command::Serve(flags) => serve(&flags),
        Command::Export(flags) => {
            let env = |name: &str| std::env::var(name).ok();
            export_command(*flags, env, std::io::stdout()).map_err(Into::into)
        }
        Command::Queue(command) => {
            let env = |name: &str| std::env::var(name).ok();
            queue_command(command, env, &mut std::io::stdout().lock()).map_err(Into::into)
        }
        Command::Token(command) => {
            let env = |name: &str| std::env::var(name).ok();
            token_command(command, env, &mut std::io::stdout().lock()).map_err(Into::into)
        }
        _ => Err(anyhow::anyhow!("this command is not known here")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(flags: &ServeFlags) -> anyhow::Result<()> {
    let settings = Settings::load(flags, |name| std::env::var(name).ok())
        .context("the settings are not valid")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(egret_collector::serve(settings))?;
    Ok(())
}

/// To stderr; `RUST_LOG` sets how much.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
