"""Draws lines that look like an HTTP client or call and that the audit did not report. Judges none of them.

python3 mentions.py REPORT.json CORPUS SEED COUNT (the report of `cargo egret audit CORPUS --format json=REPORT.json`).
"""
import json
import os
import random
import re
import sys

MENTION = re.compile(
    r"\b(Client|ClientBuilder|Agent|AgentBuilder|HttpClient|HttpClientBuilder|Session|Easy2?|Multi|Endpoint"
    r"|Channel|TcpStream|\w+Client)\s*(::<[^>]*>)?::(new|builder|default|from_static|from_shared|connect\w*"
    r"|new_with_\w+|with_\w+)\b"
    r"|\b(reqwest|ureq|isahc|surf|attohttpc|minreq|blocking|wreq)::(get|post|put|head|delete|agent|builder|request)\b"
    r"|\bconnect_async\w*\(|\bhandshake\(|\bnew_agent\(|\bclient_async\w*\("
)
NAMES_HTTP = re.compile(
    r"\b(reqwest|ureq|isahc|surf|attohttpc|awc|minreq|ehttp|wreq|tungstenite|tokio_tungstenite|async_tungstenite"
    r"|jsonrpsee|tonic|hyper|hyper_util|h2|curl|TcpStream)\b"
)


def mentions(corpus, reported):
    for folder, _, names in os.walk(corpus):
        for name in names:
            if not name.endswith(".rs"):
                continue
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, corpus)
            try:
                text = open(path, encoding="utf8").read()
            except UnicodeDecodeError:
                continue
            if not NAMES_HTTP.search(text):
                continue
            for number, line in enumerate(text.split("\n"), 1):
                line = line.strip()
                if (relative, number) in reported or line.startswith(("//", "*")):
                    continue
                # Derives and `unwrap_or_default` say nothing of a type; they were never part of the sample.
                # `InterceptedService` stands in what tonic generates: a client around a channel that it is given.
                if "InterceptedService" in line or "derive" in line or "unwrap_or_default" in line:
                    continue
                if MENTION.search(line):
                    yield f"{relative}:{number} {line[:130]}"


report, corpus, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sites = json.load(open(report))["sites"]
found = list(mentions(corpus, {(site["file"], site["line"]) for site in sites}))
print(len(found), "mentions", file=sys.stderr)
random.seed(seed)
for line in sorted(random.sample(found, min(count, len(found)))):
    print(line)
