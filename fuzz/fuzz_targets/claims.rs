//! What our own key sealed is read with suspicion all the same: a claim is of our version, type and
//! audience and whole, whatever the text is, and no other kind of cookie is taken for one.

#![no_main]

use arbitrary::Arbitrary;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use daypass_auth::{CookieSpec, Key, KeyRing, fuzz::Seal};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use std::sync::LazyLock;

const AUDIENCE: &str = "https://app.example";
const FIELDS: [&str; 10] = ["v", "t", "aud", "s", "a", "e", "at", "la", "r", "g"];

static SEAL: LazyLock<Seal> = LazyLock::new(|| {
    let ring = KeyRing::new(vec![Key::generate().expect("a key")]).expect("a ring");
    Seal::new(ring, AUDIENCE)
});

#[derive(Arbitrary, Debug)]
enum Plain {
    /// Anything.
    Text(String),
    /// A claim in which some fields are something else, are missing, or come in addition.
    Claim {
        secret: [u8; 32],
        numbers: [i64; 4],
        remembered: bool,
        changes: Vec<(u8, Junk)>,
        more: Option<(String, Junk)>,
    },
    /// The same for a device.
    Device { known: Vec<(i64, String)>, changes: Vec<(u8, Junk)> },
}

#[derive(Arbitrary, Debug)]
enum Junk {
    Nothing,
    Null,
    Flag(bool),
    Number(i64),
    Fraction(f64),
    Text(String),
    Word(u8),
    List(Vec<u8>),
    Object(String, u8),
}

impl Junk {
    fn put(&self, object: &mut Value, field: &str) {
        let words = ["session", "device", "notice", AUDIENCE, "https://evil.example", "loopback"];
        object[field] = match self {
            Self::Nothing => {
                object.as_object_mut().map(|fields| fields.remove(field));
                return;
            }
            Self::Null => Value::Null,
            Self::Flag(flag) => json!(flag),
            Self::Number(number) => json!(number),
            Self::Fraction(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Word(which) => json!(words[usize::from(*which) % words.len()]),
            Self::List(list) => json!(list),
            Self::Object(name, value) => json!({ name: value }),
        };
    }
}

impl Plain {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Claim { secret, numbers: [account, epoch, at, la], remembered, changes, more } => {
                let secret = BASE64_URL_SAFE_NO_PAD.encode(secret);
                let mut claim = json!({
                    "v": 1, "t": "session", "aud": AUDIENCE, "s": secret,
                    "a": account, "e": epoch, "at": at, "la": la, "r": remembered, "g": u32::from(*remembered),
                });
                for (field, junk) in changes {
                    junk.put(&mut claim, FIELDS[usize::from(*field) % FIELDS.len()]);
                }
                if let Some((field, junk)) = more {
                    junk.put(&mut claim, field);
                }
                claim.to_string()
            }
            Self::Device { known, changes } => {
                let known: Vec<_> = known.iter().map(|(account, nonce)| json!({ "a": account, "n": nonce })).collect();
                let mut device = json!({ "v": 1, "t": "device", "aud": AUDIENCE, "d": known });
                for (field, junk) in changes {
                    junk.put(&mut device, ["v", "t", "aud", "d"][usize::from(*field) % 4]);
                }
                device.to_string()
            }
        }
    }
}

/// The fields of a text, by name or, which the decoder takes too, in their order.
fn fields(text: &str, names: &[&str]) -> Option<Vec<Value>> {
    match serde_json::from_str(text).ok()? {
        Value::Object(object) if object.len() == names.len() => {
            names.iter().map(|name| object.get(*name).cloned()).collect()
        }
        Value::Array(list) if list.len() == names.len() => Some(list),
        _ => None,
    }
}

fn is_generation(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| u32::try_from(number).is_ok())
}

fn is_secret(value: &Value) -> bool {
    value.as_str().is_some_and(|text| BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32))
}

fuzz_target!(|plain: Plain| {
    let text = plain.text();
    let spec = CookieSpec::https();

    if let Some(value) = SEAL.seal(spec.session_name(), &text) {
        // The last one may be left out: a cookie of before there were generations is of the first.
        let first = || Some([fields(&text, &FIELDS[..9])?, vec![json!(0)]].concat());
        let read = fields(&text, &FIELDS).or_else(first);
        let whole = read.as_ref().filter(|read| {
            let of_ours = read[..3] == [json!(1), json!("session"), json!(AUDIENCE)];
            of_ours
                && is_secret(&read[3])
                && read[4..8].iter().all(Value::is_i64)
                && read[8].is_boolean()
                && is_generation(&read[9])
        });
        match (SEAL.session(&value), whole) {
            (Some(claim), Some(read)) => {
                assert_eq!(read[3], json!(claim.secret));
                let numbers = [claim.account, claim.epoch];
                let moments = [claim.authenticated_at.as_millis(), claim.last_activity.as_millis()];
                assert_eq!(read[4..8], [numbers, moments].concat().into_iter().map(Value::from).collect::<Vec<_>>());
                assert_eq!(read[8..10], [json!(claim.remembered), json!(claim.generation)]);
            }
            (None, None) => {}
            // A text may have a field twice, of which the reading above knows the last.
            (None, Some(_)) => assert!(matches!(plain, Plain::Text(_)), "{text}"),
            (Some(claim), None) => panic!("{claim:?} of {text}"),
        }
        assert_eq!(SEAL.device(&value), None);
        assert_eq!(SEAL.notice(&value), None);
    }
    if let Some(value) = SEAL.seal(spec.device_name(), &text) {
        let read = fields(&text, &["v", "t", "aud", "d"]);
        let is_ours = read.is_some_and(|read| read[..3] == [json!(1), json!("device"), json!(AUDIENCE)]);
        if let Some(device) = SEAL.device(&value) {
            assert!(is_ours, "{text}");
            let again = SEAL.device_value(&device).and_then(|value| SEAL.device(&value));
            assert_eq!(again, Some(device), "{text}");
        }
        assert_eq!(SEAL.session(&value), None);
        assert_eq!(SEAL.notice(&value), None);
    }
    if let Some(value) = SEAL.seal(spec.notice_name(), &text) {
        if let Some(notice) = SEAL.notice(&value) {
            let again = SEAL.notice_value(&notice).and_then(|value| SEAL.notice(&value));
            assert_eq!(again, Some(notice), "{text}");
        }
        assert_eq!(SEAL.session(&value), None);
        assert_eq!(SEAL.device(&value), None);
    }
});
