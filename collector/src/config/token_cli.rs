//! The command line of tokens.
//! It never takes a token: they are made, printed once, and named by their ids from then on.

use clap::{Args, Subcommand, ValueEnum};

use super::QueueFlags;

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum TokenCommand {
    /// Make a token, and print it: this once, for only its hash is kept.
    Create {
        /// Where the tokens are.
        #[command(flatten)]
        flags: QueueFlags,
        /// What it is like.
        #[command(flatten)]
        token: NewToken,
    },
    /// List the tokens: ids, what they are for, and when they were last used.
    Ls(QueueFlags),
    /// Let nobody in with a token any more; a running collector follows within a second.
    Revoke {
        /// Where the tokens are.
        #[command(flatten)]
        flags: QueueFlags,
        /// As `token ls` has it.
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum TokenScope {
    /// To send batches.
    Ingest,
    /// To ask.
    Read,
    /// Both.
    Admin,
}

/// What a new token is like.
#[derive(Debug, Args)]
pub struct NewToken {
    /// What it is for: to send, to ask, or both.
    #[arg(long, value_name = "SCOPE")]
    pub scope: TokenScope,
    /// The service whose batches alone may be sent with it. Questions are not bound by it.
    /// [default: any]
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// The environment whose batches alone may be sent with it. [default: any]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// When it expires: after a time (12h, 90d) or at one (2027-01-31T12:00:00Z). [default: never]
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// Most requests of a second. [default: no limit]
    #[arg(long, value_name = "N")]
    pub requests_per_second: Option<std::num::NonZeroU32>,
    /// Most bytes of bodies, as received, of a minute. [default: no limit]
    #[arg(long, value_name = "BYTES")]
    pub bytes_per_minute: Option<std::num::NonZeroU32>,
    /// Most calls of a minute. [default: no limit]
    #[arg(long, value_name = "N")]
    pub calls_per_minute: Option<std::num::NonZeroU32>,
}
