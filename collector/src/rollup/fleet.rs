//! The durations of all calls since the start, by service, host, method and status class.
//! It never holds more than so many series: what comes beyond them is counted together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use egret::minute::{Histogram, Minutes};
use egret::record::Kind;

use crate::model::{Source, StatusClass};

/// What stands for each label of calls beyond [`Fleet`]'s bound.
const OVERFLOW: &str = "{overflow}";

/// The durations of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Durations {
    pub(crate) service: String,
    pub(crate) host: String,
    pub(crate) method: String,
    /// A class's word, or what stands for all.
    pub(crate) status_class: &'static str,
    pub(crate) histogram: Histogram,
}

/// Sums that only grow, as scrapers want them.
#[derive(Debug)]
pub(crate) struct Fleet {
    max_series: usize,
    series: Mutex<HashMap<Key, Histogram>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    service: String,
    host: String,
    method: String,
    status_class: &'static str,
}

impl Fleet {
    /// Counts so many series apart.
    pub(crate) fn new(max_series: usize) -> Self {
        Self { max_series, series: Mutex::default() }
    }

    /// Adds what was just stored. What a server was asked, and probes, are no calls of the fleet.
    pub(crate) fn add(&self, stored: &[(Source, Arc<Minutes>)]) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, minutes) in stored {
            for (minute, cell) in minutes.iter() {
                if matches!(minute.kind, Kind::Server | Kind::Probe) {
                    continue;
                }
                let status = Some(minute.status).filter(|status| *status > 0);
                let key = Key {
                    service: source.service.clone(),
                    host: minute.host.to_owned(),
                    method: minute.method.to_owned(),
                    status_class: StatusClass::of(status).as_str(),
                };
                let is_full = series.len() >= self.max_series && !series.contains_key(&key);
                let key = if is_full { Key::overflow() } else { key };
                series.entry(key).or_default().merge(&cell.duration);
            }
        }
    }

    /// All series, in the order of their labels.
    pub(crate) fn durations(&self) -> Vec<Durations> {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Durations> = series
            .iter()
            .map(|(Key { service, host, method, status_class }, histogram)| Durations {
                service: service.clone(),
                host: host.clone(),
                method: method.clone(),
                status_class,
                histogram: histogram.clone(),
            })
            .collect();
        drop(series);
        let labels = |durations: &Durations| {
            let Durations { service, host, method, status_class, .. } = durations.clone();
            (service, host, method, status_class)
        };
        all.sort_by_cached_key(labels);
        all
    }
}

impl Key {
    fn overflow() -> Self {
        let text = || OVERFLOW.to_owned();
        Self { service: text(), host: text(), method: text(), status_class: OVERFLOW }
    }
}
