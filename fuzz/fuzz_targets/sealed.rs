//! What is sealed opens again, with the keys, under the name and in the bytes that it was sealed, and
//! nothing else opens.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::{CookieSpec, Key, KeyRing, fuzz::Seal, http::Notice};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const AUDIENCE: &str = "https://app.example";
const MAX_BYTES: usize = 4096;

#[derive(Arbitrary, Debug)]
struct Case {
    /// What somebody makes up.
    made_up: String,
    /// What we seal.
    text: String,
    /// What somebody does to it.
    change: Change,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Flip { at: u16, bit: u8 },
    Put { at: u16, what: char },
    Insert { at: u16, what: String },
    Cut { at: u16 },
    Drop { at: u16 },
    Swap { at: u16, with: u16 },
}

/// The same two keys in either order, and a key that never seals: libFuzzer sees what is compared, and
/// has soon made up everything that it saw sealed.
struct Rings {
    ours: Seal,
    turned: Seal,
    idle: Seal,
}

static RINGS: LazyLock<Rings> = LazyLock::new(|| {
    let key = || Key::generate().expect("a key");
    let (first, second, third) = (key(), key(), key());
    let seal = |keys| Seal::new(KeyRing::new(keys).expect("a ring"), AUDIENCE);
    Rings {
        ours: seal(vec![first.clone(), second.clone()]),
        turned: seal(vec![second, first]),
        idle: seal(vec![third]),
    }
});

impl Change {
    /// The value after it. `at` counts from the start, around and around.
    fn apply(&self, value: &str) -> String {
        let at = |at: &u16| usize::from(*at) % value.len();
        let mut bytes = value.as_bytes().to_vec();
        match self {
            Self::Flip { at: place, bit } => bytes[at(place)] ^= 1 << (bit % 8),
            Self::Put { at: place, what } => {
                bytes.splice(at(place)..=at(place), what.to_string().into_bytes());
            }
            Self::Insert { at: place, what } => {
                bytes.splice(at(place)..at(place), what.bytes());
            }
            Self::Cut { at: place } => bytes.truncate(at(place)),
            Self::Drop { at: place } => {
                bytes.remove(at(place));
            }
            Self::Swap { at: place, with } => bytes.swap(at(place), at(with)),
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn opens_nothing(seal: &Seal, value: &str) {
    assert_eq!(seal.session(value), None, "{value:?}");
    assert_eq!(seal.device(value), None, "{value:?}");
    assert_eq!(seal.notice(value), None, "{value:?}");
}

fuzz_target!(|case: Case| {
    let Rings { ours, turned, idle } = &*RINGS;
    opens_nothing(idle, &case.made_up);

    let notice = Notice::App(case.text.clone());
    let name = CookieSpec::https().notice_name();
    let Some(value) = ours.notice_value(&notice) else {
        // Sealed it is longer than the text by a third and what JSON and the seal need.
        assert!(name.len() + (case.text.len() * 6 + 64) * 4 / 3 >= MAX_BYTES, "{case:?}");
        return;
    };
    assert!(name.len() + value.len() < MAX_BYTES);
    assert_eq!(ours.notice(&value).as_ref(), Some(&notice), "it opens again");
    assert_eq!(turned.notice(&value).as_ref(), Some(&notice), "by every key of the ring");
    opens_nothing(idle, &value);
    // Not under another name, and not in other bytes.
    assert_eq!(ours.session(&value), None);
    assert_eq!(ours.device(&value), None);
    let changed = case.change.apply(&value);
    if changed != value {
        opens_nothing(ours, &changed);
        opens_nothing(turned, &changed);
    }
});
