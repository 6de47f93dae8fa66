//! What the fuzz targets in `fuzz/` reach of the inside. Not for anybody else: no promise, and never
//! in a release build.

use crate::{
    CookieSpec, KeyRing,
    clock::Timestamp,
    http::{
        Notice, OriginCheck,
        cookie_names::{Brought, take},
    },
    seal::{Opened, SealCount, Sealer},
    throttle::Device,
};
use http::{HeaderMap, Method};

/// More than one cookie of the same name came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Several;

/// What a request brought under each of these names, as the layer reads it.
pub fn cookies<'a, const N: usize>(headers: &'a HeaderMap, names: [&str; N]) -> [Result<Option<&'a [u8]>, Several>; N] {
    take(headers, names).map(|brought| match brought {
        Brought::Nothing => Ok(None),
        Brought::One(value) => Ok(Some(value)),
        Brought::Several => Err(Several),
    })
}

/// Whether a request may change something.
#[must_use]
pub fn allows(check: &OriginCheck, method: &Method, headers: &HeaderMap) -> bool {
    check.allows(method, headers)
}

/// Seals and opens cookies.
#[derive(Clone, Debug)]
pub struct Seal(Sealer);

/// What a session cookie claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The session's secret, as it is written.
    pub secret: String,
    /// The account.
    pub account: i64,
    /// Its epoch.
    pub epoch: i64,
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
    /// When they last did something.
    pub last_activity: Timestamp,
    /// Whether it is remembered.
    pub remembered: bool,
    /// The generation of the cookie.
    pub generation: u32,
}

impl Seal {
    /// With these keys, for https and this audience.
    #[must_use]
    pub fn new(ring: KeyRing, audience: &str) -> Self {
        let audience = audience.to_owned();
        Self(Sealer {
            ring,
            cookies: CookieSpec::https(),
            audience,
            seals: SealCount::default(),
            opened: Opened::default(),
        })
    }

    /// Any text, sealed for a cookie of this name.
    #[must_use]
    pub fn seal(&self, name: &'static str, plain: &str) -> Option<String> {
        self.0.seal_text(name, plain.to_owned())
    }

    /// What a session cookie of this value claims.
    #[must_use]
    pub fn session(&self, value: &str) -> Option<Claimed> {
        self.0.open_session(value).map(|claim| Claimed {
            secret: claim.secret.encode(),
            account: claim.account.0,
            epoch: claim.epoch,
            authenticated_at: claim.authenticated_at,
            last_activity: claim.last_activity,
            remembered: claim.remembered,
            generation: claim.generation,
        })
    }

    /// What a device cookie of this value says.
    #[must_use]
    pub fn device(&self, value: &str) -> Option<Device> {
        self.0.open_device(value)
    }

    /// The device cookie's value that says so.
    #[must_use]
    pub fn device_value(&self, device: &Device) -> Option<String> {
        self.0.device_cookie(device).map(|cookie| cookie.value().to_owned())
    }

    /// What a notice cookie of this value says.
    #[must_use]
    pub fn notice(&self, value: &str) -> Option<Notice> {
        self.0.open(self.0.cookies.notice_name(), value.as_bytes())
    }

    /// The notice cookie's value that says so.
    #[must_use]
    pub fn notice_value(&self, notice: &Notice) -> Option<String> {
        self.0.seal(self.0.cookies.notice_name(), notice)
    }
}
