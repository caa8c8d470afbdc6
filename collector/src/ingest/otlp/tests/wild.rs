//! Requests that are too large or no requests at all.
//! They never need more memory than the request is large, and are the same in every run.

use super::*;

#[test]
fn what_is_too_much_is_refused_before_it_is_held() {
    let http = json!({ "http.request.method": "GET", "url.full": "https://a.com/x" });
    let many = request(&json!({}), (0..51).map(|_| span(CLIENT, &http)).collect());
    for (encoding, body) in
        [(Encoding::Protobuf, many.encode_to_vec()), (Encoding::Json, as_json(&many))]
    {
        let error = admit(encoding, body).unwrap_err();
        assert!(matches!(error, Refusal::TooLarge(_)), "{error}");
    }
    // A million bytes of empty spans, which as messages would take some hundred million.
    let empty = [0x12, 0].repeat(499_000);
    let within = |tag: u8, message: &[u8]| {
        let mut bytes = vec![tag];
        prost::encoding::encode_varint(message.len() as u64, &mut bytes);
        [bytes.as_slice(), message].concat()
    };
    let all = within(0x0a, &within(0x12, &empty));
    let traces = admit(Encoding::Protobuf, all).unwrap();
    assert_eq!((traces.batches.len(), traces.n_ignored), (0, 499_000));
    let list = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}{{}}]}}]}}]}}"#,
        "{},".repeat(300_000)
    );
    assert_eq!(admit(Encoding::Json, list.into_bytes()).unwrap().n_ignored, 300_001);
}

#[test]
fn what_stands_in_the_wrong_place_is_not_repeated() {
    for body in [r#"{"resourceSpans":"hunter2"}"#, r#"{"resourceSpans":["hunter2"]}"#] {
        let error = admit(Encoding::Json, body.into()).unwrap_err().to_string();
        assert!(error.contains("string, expected") && !error.contains("hunter2"), "{error}");
    }
}

/// A generator whose numbers are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

#[test]
fn no_bytes_are_too_wild() {
    let http = json!({ "http.request.method": "GET", "url.full": "https://a.com/x" });
    let sound = request(&json!({ "service.name": "shop" }), vec![span(CLIENT, &http)]);
    let sound = [(Encoding::Protobuf, sound.encode_to_vec()), (Encoding::Json, as_json(&sound))];
    let mut numbers = Numbers(3);
    let (mut n_taken, mut n_refused) = (0, 0);
    for n in 0..20_000 {
        let (encoding, body) = &sound[n % 2];
        let mut body = if n % 5 == 0 { vec![0; numbers.below(200)] } else { body.clone() };
        if n % 5 == 0 {
            body.iter_mut().for_each(|byte| *byte = numbers.below(256).try_into().unwrap());
        } else {
            for _ in 0..=numbers.below(4) {
                let place = numbers.below(body.len());
                body[place] = numbers.below(256).try_into().unwrap();
            }
            body.truncate(body.len() - numbers.below(2) * numbers.below(body.len()));
        }
        match admit(*encoding, body) {
            Ok(_) => n_taken += 1,
            Err(Refusal::Malformed(_) | Refusal::TooLarge(_)) => n_refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(n_taken > 100 && n_refused > 5_000, "{n_taken} taken, {n_refused} refused");
}
