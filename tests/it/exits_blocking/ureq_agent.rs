//! The exits of a ureq agent, with bodies watched and without.
//! Never blames ureq for what the middleware documents.

use super::{WITHIN, check, check_mirror, closed, records, start};

use std::io::Read;
use std::net::SocketAddr;

use egret::Egret;
use ureq::http::Response;
use ureq::{Agent, Body, Error};

type Ended = Result<Response<Body>, Error>;

/// A name and a path; the records with the body watched and left; what is done with the result.
type Case = ((&'static str, &'static str), (&'static str, &'static str), fn(Ended));

fn agent(egret: &Egret, watches_bodies: bool, is_status_error: bool) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(WITHIN * 5))
        .http_status_as_error(is_status_error);
    let middleware = egret.ureq_middleware();
    let config = if watches_bodies {
        config.middleware(middleware.watch_bodies())
    } else {
        config.middleware(middleware)
    };
    config.build().into()
}

#[track_caller]
fn check_get(
    address: SocketAddr,
    (name, path): (&str, &str),
    (watched, left): (&str, &str),
    end: fn(Ended),
) {
    let url = format!("http://{address}{path}");
    check(name, watched, |egret| end(agent(egret, true, false).get(&url).call()));
    check(name, left, |egret| end(agent(egret, false, false).get(&url).call()));
}

#[test]
fn every_exit_leaves_one_record() {
    let address = start();
    let (whole, left) = ("completed 200 - 5", "completed 200 - -");
    let cases: [Case; 12] = [
        (("read to a text", "/whole"), (whole, left), |r| {
            assert_eq!(r.unwrap().body_mut().read_to_string().unwrap(), "hello");
        }),
        (("read by a reader", "/chunked"), (whole, left), |r| {
            let mut reader = r.unwrap().into_body().into_reader();
            assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 5);
        }),
        (("length read, end not asked for", "/whole"), (whole, left), |r| {
            r.unwrap().body_mut().as_reader().read_exact(&mut [0; 5]).unwrap();
        }),
        (("empty", "/empty"), ("completed 204 - 0", "completed 204 - 0"), |r| drop(r.unwrap())),
        (("404", "/missing"), ("completed 404 - 2", "completed 404 - -"), |r| {
            drop(r.unwrap().body_mut().read_to_vec().unwrap());
        }),
        (("never read", "/whole"), ("body_dropped 200 - 0", left), |r| drop(r.unwrap())),
        (("half-read", "/stalls"), ("body_dropped 200 - 5", left), |r| {
            r.unwrap().body_mut().as_reader().read_exact(&mut [0; 5]).unwrap();
        }),
        (("breaks off", "/breaks"), ("failed 200 body 5", left), |r| {
            drop(r.unwrap().body_mut().read_to_vec().unwrap_err());
        }),
        (("timeout in body", "/stalls"), ("failed 200 timeout 5", left), |r| {
            drop(r.unwrap().body_mut().read_to_vec().unwrap_err());
        }),
        (("reset", "/headers"), ("failed - reset -", "failed - reset -"), |r| {
            drop(r.unwrap_err());
        }),
        (("redirects", "/loop"), ("failed - redirect -", "failed - redirect -"), |r| {
            drop(r.unwrap_err());
        }),
        (("timeout", "/silent"), ("failed - timeout -", "failed - timeout -"), |r| {
            drop(r.unwrap_err());
        }),
    ];
    for (name, expected, end) in cases {
        check_get(address, name, expected, end);
    }
    check_get(closed(), ("refused", "/"), ("failed - connect -", "failed - connect -"), |r| {
        drop(r.unwrap_err());
    });
    let url = "http://no-such-host.invalid/";
    check("dns", "failed - dns -", |egret| drop(agent(egret, true, true).get(url).call()));
    let url = format!("http://{address}/missing");
    check("a status as an error", "completed 404 - -", |egret| {
        let error = agent(egret, true, true).get(&url).call().unwrap_err();
        assert!(matches!(error, Error::StatusCode(404)));
    });
}

#[test]
fn a_request_that_is_dropped_unsent_is_no_call() {
    let calls = records(|egret| drop(agent(egret, true, true).get("http://127.0.0.1:9/")));
    assert!(calls.is_empty(), "{calls:?}");
}

#[test]
fn records_carry_tags_scopes_and_redirects() {
    let address = start();
    let calls = records(|egret| {
        let config = Agent::config_builder().save_redirect_history(true);
        let agent = Agent::from(config.middleware(egret.ureq_middleware()).build());
        let tags = egret::Tags::new().template("/{what}").target("vendor");
        let call = || {
            agent.get(format!("http://{address}/moved")).extension(tags).call().unwrap();
        };
        egret::scope().consumer("acme").run_sync(call);
    });
    assert_eq!(calls[0]["url.template"], "/{what}");
    assert_eq!(calls[0]["target"], "vendor");
    assert_eq!(calls[0]["consumer"], "acme");
    let text = calls[0].to_string();
    assert!(text.contains("redirect.count") && text.contains("127.0.0.1"), "{text}");
}

/// What the documentation of `watch_bodies` says; where this fails, ureq has become better.
#[test]
fn what_a_watched_body_is_known_to_lose() {
    let address = start();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let onward = format!("http://{}/", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        while !heard.ends_with(b"0\r\n\r\n") {
            let n = stream.read(&mut buffer).unwrap();
            heard.extend_from_slice(&buffer[..n]);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        std::io::Write::write_all(&mut stream, answer).unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    });
    let calls = records(|egret| {
        let agent = agent(egret, true, true);
        let response = agent.get(format!("http://{address}/whole")).call().unwrap();
        assert_eq!(response.body().content_length(), None);
        assert_eq!(response.headers()["content-length"], "5");
        agent.post(onward).send(response).unwrap();
    });
    let heard = heard.join().unwrap();
    assert!(heard.contains("transfer-encoding: chunked") && heard.contains("hello"), "{heard}");
    assert_eq!(calls.len(), 2);
}

#[test]
fn traces_and_bodies_are_opted_into() {
    check_mirror(|egret, url| {
        agent(egret, true, true).get(url).call().unwrap().body_mut().read_to_string().unwrap()
    });
}
