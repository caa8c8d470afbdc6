//! The command line.
//! It never parses a value: flags are texts here, so that all mistakes are reported together.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

use super::TokenCommand;

/// Stands below the flags in the help of `serve`.
const SOURCES: &str = "\
Each setting comes from its flag, else from its environment variable, else from the file, else it
is the default.

Environment variables:
  EGRET_COLLECTOR_CONFIG
  EGRET_COLLECTOR_LISTEN
  EGRET_COLLECTOR_DATA_DIR
  EGRET_COLLECTOR_TOKENS                several with commas between them
  EGRET_COLLECTOR_TOKEN_FILE
  EGRET_COLLECTOR_HUB_CLIENTS           <client id>=<service>, several with commas between them
  EGRET_COLLECTOR_MAX_BATCH_BYTES
  EGRET_COLLECTOR_MAX_DECODED_BYTES
  EGRET_COLLECTOR_MAX_RECORDS
  EGRET_COLLECTOR_MAX_RECORD_BYTES
  EGRET_COLLECTOR_MAX_CONNECTIONS
  EGRET_COLLECTOR_QUEUE_BATCHES
  EGRET_COLLECTOR_QUEUE_BYTES
  EGRET_COLLECTOR_MIN_FREE_BYTES
  EGRET_COLLECTOR_DURABILITY
  EGRET_COLLECTOR_QUARANTINE_FILES      what is kept of what cannot be stored [default: 10000]
  EGRET_COLLECTOR_QUARANTINE_BYTES      [default: 1073741824]
  EGRET_COLLECTOR_HEADER_TIMEOUT_SECONDS
  EGRET_COLLECTOR_BODY_TIMEOUT_SECONDS
  EGRET_COLLECTOR_RETENTION_DAYS
  EGRET_COLLECTOR_FLEET_METRICS
  EGRET_COLLECTOR_RETENTION_MINUTES_DAYS
  EGRET_COLLECTOR_RETENTION_HISTORY_DAYS
  EGRET_COLLECTOR_MAX_SERIES
  EGRET_COLLECTOR_MAX_NEW_SERIES
  EGRET_COLLECTOR_HITS                  handlers of hits: {downloads={handler=\"log\"}}
  EGRET_COLLECTOR_HITS_INTERVAL_SECONDS [default: 60]
  EGRET_COLLECTOR_HITS_DISABLED         names of handlers, with commas between them
  EGRET_COLLECTOR_HITS_LOG_BYTES        what may wait for handlers [default: 268435456]
  RUST_LOG                              how much is logged [default: info]

In the file, a setting is a key without the prefix, in lower case: `data_dir = \"/var/lib/egret\"`,
`tokens = [\"...\"]`.";

/// Receives egret batches, keeps exact history and searchable calls, and shows them.
#[derive(Debug, Parser)]
#[command(name = "egret-collector", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the collector can do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Receive batches and answer questions until SIGTERM or SIGINT.
    #[command(after_help = SOURCES)]
    Serve(Box<ServeFlags>),
    /// Write calls, or a summary, into a file. Also while the collector runs.
    Export(Box<ExportFlags>),
    /// Look at the batches that wait to be stored, or take some out.
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Make, list and revoke the tokens with which batches are sent and questions asked. Also while
    /// the collector runs: it follows within a second.
    #[command(subcommand)]
    Token(TokenCommand),
}

/// What can be done with a queue.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum QueueCommand {
    /// List what waits and what is quarantined. Also while the collector runs.
    Ls(QueueFlags),
    /// Check every waiting batch to its last value; fails when one is damaged. Also while the
    /// collector runs.
    Verify(QueueFlags),
    /// Write waiting batches into a directory, each as `<batch id>.egrt`: what POST /v1/batches
    /// takes. Also while the collector runs.
    Export {
        /// Which queue.
        #[command(flatten)]
        flags: QueueFlags,
        /// Directory for the files; made when it is not there.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Only these batches. [default: all]
        #[arg(value_name = "BATCH_ID")]
        batch_ids: Vec<Uuid>,
    },
    /// Give waiting batches up: they are never stored. The collector must be stopped.
    Drop {
        /// Which queue.
        #[command(flatten)]
        flags: QueueFlags,
        /// Every batch that waits.
        #[arg(long, conflicts_with = "batch_ids", required_unless_present = "batch_ids")]
        all: bool,
        /// These batches.
        #[arg(value_name = "BATCH_ID")]
        batch_ids: Vec<Uuid>,
    },
}

/// What is written, and where to.
#[derive(Debug, Args)]
pub struct ExportFlags {
    /// Calls, or the rows of a summary.
    #[arg(default_value = "calls", value_name = "calls|summary")]
    pub what: String,
    /// Where the data is.
    #[command(flatten)]
    pub place: QueueFlags,
    /// The beginning: an RFC 3339 time, a date, unix seconds, or how long ago (24h, 7d).
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// The end, which is not in it. [default: now]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// What it is written as. [default: what the file's name ends with]
    #[arg(long, value_name = "csv|ndjson|parquet")]
    pub format: Option<String>,
    /// The file, which takes its name once it is whole; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Leave out batches whose bytes are damaged, instead of failing.
    #[arg(long)]
    pub skip_damaged: bool,
}

/// Where the data is: as for `serve`, from the flag, EGRET_COLLECTOR_DATA_DIR, or the file.
#[derive(Debug, Default, Args)]
pub struct QueueFlags {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Directory of the data. [default: ./egret-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
}

impl From<QueueFlags> for ServeFlags {
    fn from(flags: QueueFlags) -> Self {
        Self { config: flags.config, data_dir: flags.data_dir, ..Self::default() }
    }
}

/// Flags of `serve`. Each can also be an environment variable (`--data-dir` is
/// `EGRET_COLLECTOR_DATA_DIR`) or a key of the file (`data_dir`); flags win over variables, variables
/// over the file.
#[derive(Debug, Default, Args)]
pub struct ServeFlags {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Address to listen on. Other than loopback needs a token. [default: 127.0.0.1:4750]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Directory of the data. [default: ./egret-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// File with one token a line. There is no flag for tokens: everyone on the machine could read
    /// it in the list of processes. [or: `tokens` in the file, EGRET_COLLECTOR_TOKENS with commas]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<String>,
    /// Largest batch as received. [default: 4194304]
    #[arg(long, value_name = "BYTES")]
    pub max_batch_bytes: Option<String>,
    /// Largest batch when decompressed. [default: 33554432]
    #[arg(long, value_name = "BYTES")]
    pub max_decoded_bytes: Option<String>,
    /// Most records of one batch. [default: 100000]
    #[arg(long, value_name = "N")]
    pub max_records: Option<String>,
    /// Largest record. [default: 262144]
    #[arg(long, value_name = "BYTES")]
    pub max_record_bytes: Option<String>,
    /// Most connections at once; who comes beyond is told to come again. [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<String>,
    /// Most batches that wait to be stored. [default: 100000]
    #[arg(long, value_name = "N")]
    pub queue_batches: Option<String>,
    /// Most bytes that wait to be stored, on the disk. [default: 1073741824]
    #[arg(long, value_name = "BYTES")]
    pub queue_bytes: Option<String>,
    /// With less room than this on the disk no batch is taken, and questions are still answered;
    /// 0 for no such mark. [default: 268435456]
    #[arg(long, value_name = "BYTES")]
    pub min_free_bytes: Option<String>,
    /// What an acknowledged batch survives: `full`, the fall of the machine; `normal`, that of the
    /// collector alone. [default: full]
    #[arg(long, value_name = "full|normal")]
    pub durability: Option<String>,
    /// Seconds within which the head of a request must arrive; also how long a
    /// connection may be idle. [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub header_timeout_seconds: Option<String>,
    /// Seconds within which a whole body must arrive. [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub body_timeout_seconds: Option<String>,
    /// Days for which calls are kept. [default: 15]
    #[arg(long, value_name = "DAYS")]
    pub retention_days: Option<String>,
    /// Whether /metrics shows the durations of the fleet's calls too. [default: false]
    #[arg(long, value_name = "true|false")]
    pub fleet_metrics: Option<String>,
    /// Days for which counts and durations are kept by the minute; older ones are kept by the
    /// half-hour. [default: 32]
    #[arg(long, value_name = "DAYS")]
    pub retention_minutes_days: Option<String>,
    /// Days for which counts and durations are kept at all. [default: 396]
    #[arg(long, value_name = "DAYS")]
    pub retention_history_days: Option<String>,
    /// Series (host, method, template, status and so on) that a service may have within two days;
    /// calls beyond are counted as `{overflow}`. [default: 100000]
    #[arg(long, value_name = "N")]
    pub max_series: Option<String>,
    /// New series that a service may have in a minute; likewise. [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_new_series: Option<String>,
}

impl ServeFlags {
    /// The flags that were given, by the key that they have in the file.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("token_file", &self.token_file),
            ("max_batch_bytes", &self.max_batch_bytes),
            ("max_decoded_bytes", &self.max_decoded_bytes),
            ("max_records", &self.max_records),
            ("max_record_bytes", &self.max_record_bytes),
            ("max_connections", &self.max_connections),
            ("queue_batches", &self.queue_batches),
            ("queue_bytes", &self.queue_bytes),
            ("min_free_bytes", &self.min_free_bytes),
            ("durability", &self.durability),
            ("header_timeout_seconds", &self.header_timeout_seconds),
            ("body_timeout_seconds", &self.body_timeout_seconds),
            ("retention_days", &self.retention_days),
            ("fleet_metrics", &self.fleet_metrics),
            ("retention_minutes_days", &self.retention_minutes_days),
            ("retention_history_days", &self.retention_history_days),
            ("max_series", &self.max_series),
            ("max_new_series", &self.max_new_series),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }
}
