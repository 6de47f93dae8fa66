//! The cookie: what is in it, how it is sealed and opened, and how it is sent.

mod count;
mod opened;

pub(crate) use count::SealCount;
pub(crate) use opened::Opened;

use crate::{
    AccountId, KeyRing,
    clock::Timestamp,
    session::{Session, SessionSecret},
    throttle::Device,
};
use aes_gcm::{Aes256Gcm, aead::AeadInPlace as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;
use tower_cookies::{
    Cookie,
    cookie::{CookieJar, SameSite},
};

/// The longest cookie that every browser keeps, name and value together (ASVS 3.3.5, RFC 6265).
pub(crate) const MAX_COOKIE_BYTES: usize = 4096;
/// What stands before the content of a sealed cookie and after it (NIST SP 800-38D).
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const VERSION: u8 = 1;
const SESSION_TYPE: &str = "session";
const DEVICE_TYPE: &str = "device";
/// For how long a browser is known after it last signed in.
const KEEP_DEVICE: Duration = Duration::from_secs(180 * 24 * 3600);

/// The names and attributes of our cookies, decided by the public origin alone.
#[derive(Clone, Debug)]
pub struct CookieSpec {
    session: &'static str,
    notice: &'static str,
    device: &'static str,
    secure: bool,
}

impl CookieSpec {
    /// Cookies for https: the `__Host-` prefix binds them to this host, `Secure` and the whole site.
    #[must_use]
    pub const fn https() -> Self {
        Self {
            session: "__Host-daypass",
            notice: "__Host-daypass-notice",
            device: "__Host-daypass-device",
            secure: true,
        }
    }

    /// Cookies for plain http on loopback, where some browsers keep neither the prefix nor `Secure`.
    /// The names differ, so that neither is ever taken for the other.
    #[must_use]
    pub const fn loopback() -> Self {
        Self { session: "daypass", notice: "daypass-notice", device: "daypass-device", secure: false }
    }

    /// The session cookie's name.
    #[must_use]
    pub const fn session_name(&self) -> &'static str {
        self.session
    }

    /// The name of the cookie that carries one notice across one redirect.
    #[must_use]
    pub const fn notice_name(&self) -> &'static str {
        self.notice
    }

    /// The name of the cookie by which a browser is known that has signed in before.
    #[must_use]
    pub const fn device_name(&self) -> &'static str {
        self.device
    }

    /// Whether the cookies travel over https alone.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// A cookie with the attributes of all of ours.
    pub(crate) fn cookie(&self, name: &'static str, value: String, max_age: Option<Duration>) -> Cookie<'static> {
        let mut cookie = Cookie::build((name, value))
            .path("/")
            .secure(self.secure)
            .http_only(true)
            // Lax and not Strict: a link from elsewhere to a private page should find the person signed in.
            .same_site(SameSite::Lax)
            .build();
        if let Some(max_age) = max_age {
            let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(tower_cookies::cookie::time::Duration::seconds(seconds));
        }
        cookie
    }

    /// What makes the browser forget a cookie of ours: the same attributes, or browsers ignore it.
    pub(crate) fn removal(&self, name: &'static str) -> Cookie<'static> {
        self.cookie(name, String::new(), Some(Duration::ZERO))
    }
}

/// What the session cookie says. Short names, because every request carries it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// Version of this layout.
    v: u8,
    /// What kind of thing this is: nothing else that we seal can be taken for a session.
    t: String,
    /// For whom: the public origin, so that a staging server's cookie is nothing to another.
    aud: String,
    /// The session's secret.
    s: String,
    /// Account.
    a: AccountId,
    /// The account's epoch.
    e: i64,
    /// When the person proved who they are.
    at: Timestamp,
    /// When they last did something.
    la: Timestamp,
    /// Remembered.
    r: bool,
    /// Generation of the cookie.
    #[serde(default)]
    g: u32,
}

/// What the device cookie says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceContent {
    v: u8,
    t: String,
    aud: String,
    d: Device,
}

/// What an opened session cookie claims; nothing of it is believed before the store agrees.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) secret: SessionSecret,
    pub(crate) account: AccountId,
    pub(crate) epoch: i64,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) last_activity: Timestamp,
    pub(crate) remembered: bool,
    pub(crate) generation: u32,
}

/// Seals and opens the session cookie's value.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    pub(crate) ring: KeyRing,
    pub(crate) cookies: CookieSpec,
    pub(crate) audience: String,
    pub(crate) seals: SealCount,
    pub(crate) opened: Opened,
}

impl Sealer {
    /// The cookie that names `session`, or nothing if it would be too long for a browser to keep.
    pub(crate) fn session_cookie(&self, session: &Session) -> Option<Cookie<'static>> {
        let content = Content {
            v: VERSION,
            t: SESSION_TYPE.to_owned(),
            aud: self.audience.clone(),
            s: session.secret.encode(),
            a: session.account.id,
            e: session.account.epoch,
            at: session.times.authenticated_at,
            la: session.times.last_activity,
            r: session.times.remembered,
            g: session.generation.number,
        };
        let value = self.seal(self.cookies.session, &content)?;
        // An ordinary session has no age of its own in the browser: it goes when the browser closes
        // (NIST SP 800-63B-4, 5.1). A remembered one is kept for as long as it can live.
        // One that has ended stays for a day, so that whoever comes back can be told why.
        let max_age = session.times.remembered.then(|| {
            let deadlines = session.deadlines();
            let left = deadlines.idle.min(deadlines.absolute).since(session.checked_at);
            (left + crate::engine::KEEP_ENDED).min(crate::policy::MAX_ABSOLUTE)
        });
        Some(self.cookies.cookie(self.cookies.session, value, max_age))
    }

    /// What a session cookie's value claims, if one of our keys sealed it, for us, under this name.
    pub(crate) fn open_session(&self, value: impl AsRef<[u8]>) -> Option<Claim> {
        let value = value.as_ref();
        self.opened.get_or_open(value, || self.open_session_anew(value))
    }

    fn open_session_anew(&self, value: &[u8]) -> Option<Claim> {
        let content: Content = self.open(self.cookies.session, value)?;
        if content.v != VERSION || content.t != SESSION_TYPE || content.aud != self.audience {
            return None;
        }
        Some(Claim {
            secret: SessionSecret::decode(&content.s)?,
            account: content.a,
            epoch: content.e,
            authenticated_at: content.at,
            last_activity: content.la,
            remembered: content.r,
            generation: content.g,
        })
    }

    /// The cookie by which the browser is known from now on.
    pub(crate) fn device_cookie(&self, device: &Device) -> Option<Cookie<'static>> {
        let content =
            DeviceContent { v: VERSION, t: DEVICE_TYPE.to_owned(), aud: self.audience.clone(), d: device.clone() };
        let value = self.seal(self.cookies.device, &content)?;
        Some(self.cookies.cookie(self.cookies.device, value, Some(KEEP_DEVICE)))
    }

    /// What a device cookie's value says, if one of our keys sealed it, for us, under this name.
    pub(crate) fn open_device(&self, value: impl AsRef<[u8]>) -> Option<Device> {
        let content: DeviceContent = self.open(self.cookies.device, value.as_ref())?;
        (content.v == VERSION && content.t == DEVICE_TYPE && content.aud == self.audience).then_some(content.d)
    }

    /// Seals `content` for a cookie of this name with the newest key.
    pub(crate) fn seal<T: Serialize>(&self, name: &'static str, content: &T) -> Option<String> {
        self.seal_text(name, serde_json::to_string(content).ok()?)
    }

    pub(crate) fn seal_text(&self, name: &'static str, plain: String) -> Option<String> {
        self.seals.add();
        let mut jar = CookieJar::new();
        jar.private_mut(self.ring.sealing()).add(Cookie::new(name, plain));
        let value = jar.get(name)?.value().to_owned();
        (name.len() + value.len() < MAX_COOKIE_BYTES).then_some(value)
    }

    /// What was sealed in a cookie of this name, by any key of the ring.
    pub(crate) fn open<T: DeserializeOwned>(&self, name: &'static str, value: &[u8]) -> Option<T> {
        if value.len() > MAX_COOKIE_BYTES {
            return None;
        }
        // As the jar writes it.
        let mut sealed = BASE64_STANDARD.decode(value).ok()?;
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE_BYTES>()?;
        let (content, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        // What does not open is left as it is: the tag is compared first.
        let mut opens =
            |key: &Aes256Gcm| key.decrypt_in_place_detached(&(*nonce).into(), name.as_bytes(), content, &(*tag).into());
        self.ring.opening().find(|key| opens(key).is_ok())?;
        serde_json::from_slice(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccountName, Key, SessionId,
        policy::{Policy, Times},
        session::{Facts, SessionAccount},
        store::Generation,
    };

    fn sealer(keys: Vec<Key>) -> Sealer {
        Sealer {
            ring: KeyRing::new(keys).unwrap(),
            cookies: CookieSpec::https(),
            audience: "https://app.example".to_owned(),
            seals: SealCount::default(),
            opened: Opened::default(),
        }
    }

    fn key() -> Key {
        Key::generate().unwrap()
    }

    fn session(remembered: bool) -> Session {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let policy = Policy::default();
        Session::from(Facts {
            id: SessionId::generate().unwrap(),
            secret: SessionSecret::generate().unwrap(),
            account: SessionAccount { id: AccountId(7), name: AccountName::parse("alice").unwrap(), epoch: 3 },
            times: Times {
                authenticated_at: now,
                last_activity: now,
                absolute_deadline: now.plus(policy.timeouts(remembered).absolute),
                remembered,
            },
            checked_at: now,
            policy,
            signed_in_at: now,
            generation: Generation { number: 0, issued_at: now, seen_at: None },
            is_stale: false,
            failed_attempts: 0,
            device: None,
        })
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let sealer = sealer(vec![key()]);
        let session = session(false);
        let cookie = sealer.session_cookie(&session).unwrap();
        let claim = sealer.open_session(cookie.value()).unwrap();
        assert_eq!(*claim.secret.hash(), session.hash());
        assert_eq!((claim.account, claim.epoch, claim.remembered), (AccountId(7), 3, false));
        assert_eq!(claim.last_activity, session.times.last_activity);
        assert!(!cookie.value().contains("alice"));
    }

    #[test]
    fn the_cookie_is_as_strict_as_the_origin_allows() {
        let sealer = sealer(vec![key()]);
        let cookie = sealer.session_cookie(&session(false)).unwrap().to_string();
        assert!(cookie.starts_with("__Host-daypass="));
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{cookie}");
        assert!(cookie.len() < 1024, "{}", cookie.len());
        let remembered = sealer.session_cookie(&session(true)).unwrap().to_string();
        assert!(remembered.contains("Max-Age=1296000"), "{remembered}");
        let removal = sealer.cookies.removal("__Host-daypass").to_string();
        assert_eq!(removal, "__Host-daypass=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
        assert_eq!(
            CookieSpec::loopback().removal("daypass").to_string(),
            "daypass=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn whatever_is_sealed_is_counted() {
        let sealer = sealer(vec![key()]);
        let copy = sealer.clone();
        for _ in 0..3 {
            let value = sealer.session_cookie(&session(false)).unwrap().value().to_owned();
            assert!(sealer.open_session(&value).is_some());
        }
        assert!(copy.seal(copy.cookies.notice, &"notice").is_some());
        assert_eq!((sealer.seals.get(), copy.seals.get()), (4, 4));
    }

    #[test]
    fn what_was_opened_before_says_the_same_again() {
        let sealer = sealer(vec![key()]);
        let values = [session(false), session(true)]
            .map(|session| (session.hash(), sealer.session_cookie(&session).unwrap().value().to_owned()));
        for _ in 0..2 {
            for (hash, value) in &values {
                assert_eq!(sealer.open_session(value).unwrap().secret.hash(), hash);
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealer = sealer(vec![key()]);
        let value = sealer.session_cookie(&session(false)).unwrap().value().to_owned();
        // What was opened before is remembered.
        assert!(sealer.open_session(&value).is_some());
        let bytes = BASE64_STANDARD.decode(&value).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open_session(BASE64_STANDARD.encode(flipped)).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_and_extension_is_noticed() {
        let sealer = sealer(vec![key()]);
        let value = sealer.session_cookie(&session(false)).unwrap().value().to_owned();
        // What was opened before is remembered.
        assert!(sealer.open_session(&value).is_some());
        for end in 0..value.len() {
            assert!(sealer.open_session(&value[..end]).is_none(), "text cut at {end}");
        }
        let bytes = BASE64_STANDARD.decode(&value).unwrap();
        for end in 0..bytes.len() {
            assert!(sealer.open_session(BASE64_STANDARD.encode(&bytes[..end])).is_none(), "bytes cut at {end}");
        }
        assert!(sealer.open_session(BASE64_STANDARD.encode([bytes.as_slice(), &[0]].concat())).is_none());
        assert!(sealer.open_session(format!("{value}A")).is_none());
        assert!(sealer.open_session("A".repeat(100_000)).is_none());
    }

    #[test]
    fn nothing_but_our_seal_opens() {
        let sealer = sealer(vec![key()]);
        let plain = r#"{"v":1,"t":"session","aud":"https://app.example","s":"","a":1,"e":0,"at":0,"la":0,"r":false}"#;
        for value in ["", "null", plain, &BASE64_STANDARD.encode(plain), "é", "\0", "%00"] {
            assert!(sealer.open_session(value).is_none(), "{value}");
        }
    }

    #[test]
    fn a_value_does_not_open_under_another_name_or_key_or_for_another_audience() {
        let (ours, theirs) = (key(), key());
        let here = sealer(vec![ours]);
        let value = here.session_cookie(&session(false)).unwrap().value().to_owned();
        // It has opened before, here.
        assert!(here.open_session(&value).is_some());
        let apart = || Sealer { opened: Opened::default(), ..here.clone() };
        let mut other_name = apart();
        other_name.cookies = CookieSpec::loopback();
        assert!(other_name.open_session(&value).is_none());
        assert!(sealer(vec![theirs]).open_session(&value).is_none());
        let mut other_audience = apart();
        other_audience.audience = "https://staging.example".to_owned();
        assert!(other_audience.open_session(&value).is_none());
        assert!(here.open_session(&value).is_some());
    }

    #[test]
    fn another_type_or_version_is_no_session() {
        let sealer = sealer(vec![key()]);
        let content = |v, t: &str| Content {
            v,
            t: t.to_owned(),
            aud: sealer.audience.clone(),
            s: SessionSecret::generate().unwrap().encode(),
            a: AccountId(1),
            e: 0,
            at: Timestamp::from_millis(0),
            la: Timestamp::from_millis(0),
            r: false,
            g: 0,
        };
        let name = sealer.cookies.session;
        assert!(sealer.open_session(sealer.seal(name, &content(1, "session")).unwrap()).is_some());
        for (v, t) in [(0, "session"), (2, "session"), (1, "device"), (1, "")] {
            assert!(sealer.open_session(sealer.seal(name, &content(v, t)).unwrap()).is_none(), "{v} {t}");
        }
    }

    #[test]
    fn a_browser_is_known_by_our_own_cookie_of_that_kind_alone() {
        let sealer = sealer(vec![key()]);
        let name = sealer.cookies.device;
        let content = |v, t: &str, aud: &str| {
            let (t, aud) = (t.to_owned(), aud.to_owned());
            sealer.open_device(sealer.seal(name, &DeviceContent { v, t, aud, d: Device::default() }).unwrap())
        };
        assert!(content(VERSION, DEVICE_TYPE, &sealer.audience).is_some());
        assert!(content(VERSION + 1, DEVICE_TYPE, &sealer.audience).is_none());
        assert!(content(VERSION, SESSION_TYPE, &sealer.audience).is_none());
        assert!(content(VERSION, DEVICE_TYPE, "https://staging.example").is_none());
    }

    #[test]
    fn what_no_browser_keeps_is_neither_sent_nor_opened() {
        let sealer = sealer(vec![key()]);
        let name = sealer.cookies.notice;
        let fits = sealer.seal(name, &"a".repeat(2500)).unwrap();
        assert_eq!(sealer.open::<String>(name, fits.as_bytes()).unwrap().len(), 2500);
        assert!(sealer.seal(name, &"a".repeat(3100)).is_none());
        // Sealed by the same key, without asking how long it is.
        let mut jar = CookieJar::new();
        jar.private_mut(sealer.ring.sealing()).add(Cookie::new(name, format!("{:?}", "a".repeat(3100))));
        assert!(sealer.open::<String>(name, jar.get(name).unwrap().value().as_bytes()).is_none());
    }

    #[test]
    fn the_ring_turns_without_a_sign_out() {
        let (old, new) = (key(), key());
        let session = session(false);
        let before = sealer(vec![old.clone()]);
        // First the new key is taught to every node, last in the ring; then it seals; then the old one goes.
        let taught = sealer(vec![old.clone(), new.clone()]);
        let turned = sealer(vec![new.clone(), old]);
        let after = sealer(vec![new]);
        let from_before = before.session_cookie(&session).unwrap().value().to_owned();
        let from_turned = turned.session_cookie(&session).unwrap().value().to_owned();
        assert!(taught.open_session(&from_before).is_some());
        assert!(taught.open_session(&from_turned).is_some());
        assert!(turned.open_session(&from_before).is_some());
        assert!(after.open_session(&from_turned).is_some());
        assert!(after.open_session(&from_before).is_none());
        assert!(before.open_session(&from_turned).is_none());
    }
}
