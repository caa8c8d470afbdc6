//! `egret-collector token`: who may send and ask, for people.
//! It never prints a token a second time: it does not have it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::clock::unix_now_ns;
use crate::config::{
    ConfigError, NewToken, QueueFlags, ServeFlags, Settings, TokenCommand, TokenScope,
};
use crate::model::{Quotas, SECOND_NS, Scope, StoredToken, timestamp};
use crate::store::{TokenFile, TokenFileError};

/// Random bytes of a token's id, which is no secret.
const ID_BYTES: usize = 6;

/// Random bytes of the secret.
const SECRET_BYTES: usize = 32;

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The settings do not say where the tokens are.
    #[error("the settings are not valid")]
    Settings(#[from] ConfigError),
    /// There is no such directory.
    #[error("there is no data directory {0}; name one with --data-dir")]
    NoDirectory(PathBuf),
    /// The tokens cannot be read or written.
    #[error("cannot use the tokens")]
    File(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// `--expires` is no time to come.
    #[error(
        "--expires is {0:?}, but must be a time from now (30m, 12h, 90d) or one to come \
         (2027-01-31T12:00:00Z)"
    )]
    Expires(String),
    /// `--service` or `--env` names nobody.
    #[error("--service and --env must not be empty; leave them out for any")]
    Empty,
    /// The system has no randomness to give.
    #[error("the system gives no random bytes")]
    Random(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// `revoke` was told of a token that is not there.
    #[error("there is no token {0:?}; `token ls` lists them")]
    Missing(String),
    /// The answer cannot be written.
    #[error("cannot write")]
    Io(#[from] io::Error),
}

/// Carries out `egret-collector token ...`, and writes what it has to say to `out`.
///
/// # Errors
/// When it cannot.
pub fn token_command(
    command: TokenCommand,
    env: impl Fn(&str) -> Option<String>,
    out: &mut dyn Write,
) -> Result<(), TokenError> {
    let now_ns = unix_now_ns();
    match command {
        TokenCommand::Create { flags, token } => {
            create(&TokenFile::open(&data_dir(flags, env)?)?, token, now_ns, out)
        }
        TokenCommand::Ls(flags) => ls(&existing(flags, env)?, now_ns, out),
        TokenCommand::Revoke { flags, id } => {
            if !existing(flags, env)?.revoke(&id, now_ns)? {
                return Err(TokenError::Missing(id));
            }
            writeln!(out, "{id}  revoked")?;
            Ok(())
        }
    }
}

fn data_dir(
    flags: QueueFlags,
    env: impl Fn(&str) -> Option<String>,
) -> Result<PathBuf, TokenError> {
    Ok(Settings::load(&ServeFlags::from(flags), env)?.data_dir.unwrap_or_default())
}

/// The tokens of a directory that is there: a wrong name must not make an empty one.
fn existing(
    flags: QueueFlags,
    env: impl Fn(&str) -> Option<String>,
) -> Result<TokenFile, TokenError> {
    let dir = data_dir(flags, env)?;
    if dir.is_dir() { Ok(TokenFile::open(&dir)?) } else { Err(TokenError::NoDirectory(dir)) }
}

fn create(
    file: &TokenFile,
    new: NewToken,
    now_ns: u64,
    out: &mut dyn Write,
) -> Result<(), TokenError> {
    if [&new.service, &new.env].into_iter().flatten().any(String::is_empty) {
        return Err(TokenError::Empty);
    }
    let expires_unix_ns = new.expires.map(|text| expiry(&text, now_ns)).transpose()?;
    let id = random_hex::<ID_BYTES>()?;
    // The beginning lets scanners for leaked secrets find it.
    let token = format!("egret_{id}_{}", random_hex::<SECRET_BYTES>()?);
    file.add(&StoredToken {
        hash: StoredToken::hash(token.as_bytes()),
        id,
        scope: match new.scope {
            TokenScope::Ingest => Scope::Ingest,
            TokenScope::Read => Scope::Read,
            TokenScope::Admin => Scope::Admin,
        },
        service: new.service,
        environment: new.env,
        quotas: Quotas {
            requests_per_second: new.requests_per_second,
            bytes_per_minute: new.bytes_per_minute,
            calls_per_minute: new.calls_per_minute,
        },
        created_unix_ns: now_ns,
        expires_unix_ns,
        revoked_unix_ns: None,
        last_used_unix_ns: None,
    })?;
    writeln!(out, "{token}")?;
    Ok(())
}

fn ls(file: &TokenFile, now_ns: u64, out: &mut dyn Write) -> Result<(), TokenError> {
    let tokens = file.all()?;
    for token in &tokens {
        let any = |name: &Option<String>| name.clone().unwrap_or_else(|| "any".to_owned());
        let at = |ns: Option<u64>| ns.map_or("never".to_owned(), |ns| timestamp(ns).to_string());
        let (id, scope) = (&token.id, token.scope.as_str());
        let state = match token {
            _ if token.revoked_unix_ns.is_some() => "revoked",
            _ if token.has_expired(now_ns) => "expired",
            _ => "valid",
        };
        writeln!(
            out,
            "{id}  {scope:<6}  {state:<7}  service {}  environment {}  created {}  expires {}  \
             last used {}{}",
            any(&token.service),
            any(&token.environment),
            timestamp(token.created_unix_ns),
            at(token.expires_unix_ns),
            at(token.last_used_unix_ns),
            quotas(&token.quotas),
        )?;
    }
    writeln!(out, "{} tokens", tokens.len())?;
    Ok(())
}

fn quotas(quotas: &Quotas) -> String {
    let all = [
        (quotas.requests_per_second, "requests/s"),
        (quotas.bytes_per_minute, "bytes/min"),
        (quotas.calls_per_minute, "calls/min"),
    ];
    let given = all.into_iter().filter_map(|(quota, unit)| Some((quota?, unit)));
    given.fold(String::new(), |mut text, (quota, unit)| {
        // Writing to a text cannot fail.
        let _ = write!(text, "  {quota} {unit}");
        text
    })
}

fn expiry(text: &str, now_ns: u64) -> Result<u64, TokenError> {
    let wrong = || TokenError::Expires(text.to_owned());
    let unix_ns = match after(text) {
        Some(ns) => now_ns.checked_add(ns).ok_or_else(wrong)?,
        None => {
            let moment: Timestamp = text.parse().map_err(|_| wrong())?;
            u64::try_from(moment.as_nanosecond()).map_err(|_| wrong())?
        }
    };
    if unix_ns > now_ns && i64::try_from(unix_ns).is_ok() { Ok(unix_ns) } else { Err(wrong()) }
}

/// A time from now, in nanoseconds.
fn after(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(SECOND_NS)
}

fn random_hex<const N: usize>() -> Result<String, TokenError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::Random(Box::new(error)))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

impl From<TokenFileError> for TokenError {
    fn from(error: TokenFileError) -> Self {
        Self::File(Box::new(error))
    }
}
