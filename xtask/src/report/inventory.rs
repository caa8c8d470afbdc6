//! The inventory: every site with the methods and URLs that are seen to go through it, as JSON.
//! It never says where a file is on the machine; a service may send it with its start-up message.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{self, WireCoverage, WireRequest, wire_request, write_pretty};
use crate::findings::{Report, Site};

#[derive(Serialize)]
struct Inventory<'r> {
    version: u32,
    coverage: WireCoverage<'r>,
    sites: Vec<InventorySite<'r>>,
}

#[derive(Serialize)]
struct InventorySite<'r> {
    file: &'r str,
    line: usize,
    #[serde(rename = "crate")]
    client: &'r str,
    symbol: &'r str,
    kind: &'static str,
    context: &'static str,
    verdict: &'static str,
    enclosing: &'r str,
    package: &'r str,
    requests: Vec<WireRequest<'r>>,
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let sites = report.sites.iter().map(inventory_site).collect();
    write_pretty(&Inventory { version: 1, coverage: json::coverage(report), sites }, out)
}

fn inventory_site(site: &Site) -> InventorySite<'_> {
    InventorySite {
        file: &site.place.file,
        line: site.place.line,
        client: &site.client,
        symbol: &site.symbol,
        kind: site.kind.as_str(),
        context: site.context.as_str(),
        verdict: site.verdict.as_str(),
        enclosing: &site.enclosing,
        package: &site.package,
        requests: site.requests.iter().map(wire_request).collect(),
    }
}
