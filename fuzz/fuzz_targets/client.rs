//! Forwarding headers: nobody but a proxy of ours says where a request came from, and its chain is
//! followed through proxies of ours alone.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::http::TrustedProxies;
use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const MOST_HOPS: usize = 32;

#[derive(Arbitrary, Debug)]
struct Chain {
    peer: Address,
    networks: Vec<(Address, u8)>,
    lines: Vec<Vec<Entry>>,
}

/// Few addresses, so that they meet, and all others.
#[derive(Arbitrary, Debug)]
enum Address {
    Near(u8),
    NearMapped(u8),
    Any(IpAddr),
}

#[derive(Arbitrary, Debug)]
enum Entry {
    Address(Address, Spelling),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Spelling {
    Bare,
    Port(u16),
    Brackets,
    Blanks,
}

impl Address {
    fn ip(&self) -> IpAddr {
        let near = |last: &u8| Ipv4Addr::new(10, 0, 0, last % 4);
        match self {
            Self::Near(last) => near(last).into(),
            Self::NearMapped(last) => near(last).to_ipv6_mapped().into(),
            Self::Any(address) => *address,
        }
    }
}

impl Entry {
    /// As it stands in the header, and the address if that is what it is.
    fn written(&self) -> (Vec<u8>, Option<IpAddr>) {
        match self {
            Self::Address(address, spelling) => {
                let ip = address.ip();
                let text = match spelling {
                    Spelling::Bare => ip.to_string(),
                    Spelling::Port(port) => SocketAddr::new(ip, *port).to_string(),
                    Spelling::Brackets if ip.is_ipv6() => format!("[{ip}]"),
                    Spelling::Brackets => ip.to_string(),
                    Spelling::Blanks => format!(" \t{ip} "),
                };
                (text.into(), Some(ip.to_canonical()))
            }
            // A list within an entry would be more than one.
            Self::Bytes(bytes) => (bytes.iter().copied().filter(|byte| *byte != b',').collect(), None),
        }
    }
}

fuzz_target!(|chain: Chain| {
    let networks: Vec<IpNet> = chain
        .networks
        .iter()
        .filter_map(|(address, prefix)| {
            let most = if address.ip().is_ipv4() { 33 } else { 129 };
            IpNet::new(address.ip(), prefix % most).ok()
        })
        .collect();
    let mut headers = HeaderMap::new();
    let mut entries = Vec::new();
    for line in &chain.lines {
        let written: Vec<_> = line.iter().map(Entry::written).collect();
        let text = written.iter().map(|(text, _)| text.as_slice()).collect::<Vec<_>>().join(&b","[..]);
        if let Ok(value) = HeaderValue::from_bytes(&text) {
            headers.append("x-forwarded-for", value);
            // A line without entries is one empty entry.
            entries.extend(if written.is_empty() { vec![(Vec::new(), None)] } else { written });
        }
    }
    // No other header says anything.
    headers.append("forwarded", HeaderValue::from_static("for=192.0.2.99"));
    headers.append("x-real-ip", HeaderValue::from_static("192.0.2.99"));

    let peer = chain.peer.ip();
    let found = TrustedProxies::from(networks.clone()).client(peer, &headers);
    let is_ours = |address: &IpAddr| networks.iter().any(|network| network.contains(address));

    // From the right: past proxies of ours up to the first that is none. What is no address in any of
    // the spellings above but can be read as one all the same is told by the standard library.
    let mut expected = peer.to_canonical();
    for (text, address) in entries.iter().rev().take(MOST_HOPS) {
        if !is_ours(&expected) {
            break;
        }
        let read = || {
            let text = std::str::from_utf8(text).ok()?.trim();
            let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            let ip = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
            ip.map(|ip: IpAddr| ip.to_canonical())
        };
        match address.or_else(read) {
            Some(address) => expected = address,
            None => break,
        }
    }
    assert_eq!(found, expected, "{chain:?}");
    assert!(found == peer.to_canonical() || is_ours(&peer.to_canonical()), "{chain:?}");
});
