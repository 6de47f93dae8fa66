//! The public origin: cookies travel in the clear only where the address, read as browsers read it, is
//! this machine.

#![no_main]

use daypass_auth::{EngineConfig, is_loopback_origin};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let url = Url::parse(text).ok();
    let is_loopback = url.as_ref().and_then(Url::host).is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    assert!(is_loopback || !is_loopback_origin(text), "{text:?}");
    match EngineConfig::for_origin(text) {
        Ok(config) => {
            assert_eq!(config.cookies.is_secure(), text.starts_with("https://"), "{text:?}");
            assert_eq!(config.audience, text);
            if !config.cookies.is_secure() {
                assert!(is_loopback && text.starts_with("http://"), "{text:?}");
                assert_eq!(config.cookies.session_name(), "daypass");
            } else {
                assert_eq!(config.cookies.session_name(), "__Host-daypass");
            }
            // An origin, and nothing more.
            if let Some(url) = url {
                assert_eq!((url.username(), url.password(), url.path()), ("", None, "/"), "{text:?}");
                assert_eq!((url.query(), url.fragment()), (None, None), "{text:?}");
            }
        }
        Err(_) => {
            // Whatever a browser would send as an origin over https is one.
            let is_origin =
                url.is_some_and(|url| url.scheme() == "https" && url.origin().ascii_serialization() == text);
            assert!(!is_origin, "{text:?}");
        }
    }
});
