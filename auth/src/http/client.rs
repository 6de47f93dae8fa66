//! Where a request came from.
//!
//! Headers that say so are written by anybody. They are believed only of a peer that is a proxy of
//! ours, and of its chain only as far as it goes through proxies of ours: the first address from the
//! right that is none of them is the client (ASVS 4.1.3). One header family is read, and no other.

use super::at_once::Step;
use axum::{
    extract::{ConnectInfo, Request},
    response::Response,
};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More hops than any chain of proxies has.
const MOST_HOPS: usize = 32;

/// Where a request came from, by what is believed of proxies. In the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The proxies in front of this host, whose word on where a request came from is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl From<Vec<IpNet>> for TrustedProxies {
    fn from(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }
}

/// The layer's step: see the module. The host has to serve with axum's `ConnectInfo<SocketAddr>`, or nothing
/// is known of where anybody is.
impl Step for TrustedProxies {
    type Kept = ();

    fn before(&self, request: &mut Request) -> Result<(), Box<Response>> {
        if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
            let client = self.client(peer.ip(), request.headers());
            request.extensions_mut().insert(ClientAddress(client));
        }
        Ok(())
    }
}

impl TrustedProxies {
    /// The client of a request that `peer` sent.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.has(&peer) {
            return peer;
        }
        let mut nearest = peer;
        // Several lines are one list (RFC 9110, 5.3); the last entry was written by the nearest proxy.
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
        for entry in entries.take(MOST_HOPS) {
            // What cannot be read ends the chain: what stands left of it may be anybody's.
            let Some(address) = std::str::from_utf8(entry.trim_ascii()).ok().and_then(parse) else { break };
            nearest = address;
            if !self.has(&address) {
                break;
            }
        }
        nearest
    }

    fn has(&self, address: &IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// An address, with or without brackets and a port.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or_default().parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, http::HeaderValue::from_bytes(line).unwrap());
        }
        let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap());
        TrustedProxies::from(networks.to_vec()).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(of("192.0.2.9", &[b"203.0.113.1"]), "192.0.2.9");
        assert_eq!(of("::ffff:192.0.2.9", &[b"203.0.113.1"]), "192.0.2.9");
    }

    #[test]
    fn a_chain_is_followed_through_our_own_proxies() {
        for (lines, client) in [
            (&[&b"203.0.113.1"[..]][..], "203.0.113.1"),
            (&[b"203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            (&[b"198.51.100.7, 203.0.113.1"], "203.0.113.1"),
            (&[b"198.51.100.7", b"203.0.113.1,10.0.0.2"], "203.0.113.1"),
            (&[b"[2001:db8::1]:443"], "2001:db8::1"),
            (&[b"[2001:db8::1]"], "2001:db8::1"),
            (&[b"203.0.113.1:4711"], "203.0.113.1"),
            (&[b"::ffff:203.0.113.1"], "203.0.113.1"),
            (&[b"203.0.113.1, 2001:db8:ffff::2"], "203.0.113.1"),
        ] {
            assert_eq!(of("10.0.0.1", lines), client, "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain_at_what_can() {
        for line in [&b""[..], b"unknown", b"_hidden", b"203.0.113.1, unknown", b"203.0.113.1,", b"\xff", b"10.0.0.0/8"]
        {
            assert_eq!(of("10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
        assert_eq!(of("10.0.0.1", &[b"unknown, 203.0.113.1"]), "203.0.113.1");
        let long = ["10.0.0.2"; 10_000].join(",");
        assert_eq!(of("10.0.0.1", &[format!("203.0.113.1,{long}").as_bytes()]), "10.0.0.2");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }
}
