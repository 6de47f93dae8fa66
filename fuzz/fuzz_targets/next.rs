//! `next`: whatever is followed stays on this site by the rules that browsers have (WHATWG URL), and
//! however often somebody on the way decodes it.

#![no_main]

use daypass_auth::next::{safe, safe_or_home, sign_in_address};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use url::Url;

const SITE: &str = "https://app.example/login?next=x";

fuzz_target!(|next: &str| {
    let base = Url::parse(SITE).expect("an address");
    let stays = |target: &str| {
        let url = base.join(target).unwrap_or_else(|error| panic!("{target:?}: {error}"));
        assert_eq!(url.origin(), base.origin(), "{target:?}");
        assert_eq!((url.username(), url.password()), ("", None), "{target:?}");
        url
    };
    let home = safe_or_home(Some(next));
    match safe(next) {
        None => assert_eq!(home, "/"),
        Some(accepted) => {
            assert_eq!((accepted, home), (next, next), "as it is, or not at all");
            assert!(next.bytes().all(|byte| byte.is_ascii_graphic()) && next.len() <= 2048, "{next:?}");
            let url = stays(next);
            // Nothing is left for a browser to make of the path but to encode some signs in it.
            let path = next.split(['?', '#']).next().unwrap_or_default();
            assert!(percent_decode_str(url.path()).eq(percent_decode_str(path)), "{next:?} as {url}");
            let first = path.split('/').nth(1).unwrap_or_default().to_ascii_lowercase();
            assert!(first != "login" && first != "api", "{next:?}");
            let mut decoded = path.to_owned();
            loop {
                assert!(decoded.starts_with('/') && !decoded.contains("//"), "{next:?} as {decoded:?}");
                assert!(!decoded.contains(['\\', '\0', '\t', '\n', '\r']), "{next:?} as {decoded:?}");
                assert!(!decoded.split('/').any(|segment| matches!(segment, "." | "..")), "{next:?} as {decoded:?}");
                let once_more = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
                if once_more == decoded {
                    break;
                }
                decoded = once_more;
            }
        }
    }
    // The sign-in page is told exactly what is accepted, in one field.
    let address = stays(&sign_in_address("/login", next));
    assert_eq!((address.path(), address.fragment()), ("/login", None));
    let fields: Vec<_> = address.query_pairs().collect();
    match safe(next) {
        Some(next) if next != "/" => assert_eq!(fields, [("next".into(), next.into())]),
        _ => assert_eq!(fields, []),
    }
});
