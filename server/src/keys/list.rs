//! The keys of a key file in their order, with what is known of their age, and the text they are
//! written as.

use daypass_auth::{Key, KeyRing, keys::KeyError};
use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};
use zeroize::Zeroizing;

/// A key that seals is turned after half a year. NIST SP 800-57 part 1, 5.3.6, would allow two; the
/// sooner it goes, the less a copy is worth that somebody took unseen. It does not wear out by age but
/// by use, and so long before only where thousands of cookies are sent in a second: 2^32 seals, see
/// `Engine::seals`.
pub(crate) const OLD: Duration = Duration::from_secs(180 * 24 * 3600);
/// Bytes of a line with a key or a time, rounded up.
const LINE_BYTES: usize = 128;

/// One key, and what the comments above it say.
#[derive(Debug)]
pub(crate) struct ListedKey {
    key: Key,
    made: Option<SystemTime>,
    // Somebody may have made a comment of a key, so comments are secrets too.
    notes: Vec<Zeroizing<String>>,
}

/// Keys, the one that seals first. Never empty.
#[derive(Debug)]
pub(crate) struct KeyList {
    keys: Vec<ListedKey>,
    end: Vec<Zeroizing<String>>,
}

/// Why keys are not changed as they were told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// No such key. Does not repeat what was typed: it may have been a key.
    #[error("there is no key of that id; see `daypass keys list`")]
    Unknown,
    /// Without it nothing would be sealed.
    #[error("that key seals; let another one seal first, by `daypass keys rotate`")]
    Seals,
    /// The keys would be no ring any more.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl ListedKey {
    fn fresh(now: SystemTime) -> Result<Self, KeyError> {
        Ok(Self { key: Key::generate()?, made: Some(now), notes: Vec::new() })
    }

    pub(crate) fn id(&self) -> String {
        self.key.id()
    }

    /// How old it is. Not known if nothing says when it was made, or if that is still to come.
    pub(crate) fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.made?).ok()
    }
}

impl KeyList {
    /// A fresh key alone.
    pub(crate) fn fresh(now: SystemTime) -> Result<Self, KeyError> {
        Ok(Self { keys: vec![ListedKey::fresh(now)?], end: Vec::new() })
    }

    /// What a text lists. A comment belongs to the next line with keys; one that is a time
    /// (`# 2026-11-25T10:00:00Z`) says when those were made.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        // What is a key, and in which order, is for the engine alone to say.
        let ring = KeyRing::parse(text)?;
        let mut rest = ring.keys().cloned();
        let (mut keys, mut made, mut notes) = (Vec::new(), None, Vec::new());
        for line in text.lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix('#') {
                match humantime::parse_rfc3339(comment.trim()) {
                    Ok(time) => made = Some(time),
                    Err(_) => notes.push(Zeroizing::new(line.to_owned())),
                }
                continue;
            }
            let count = line.split(',').filter(|part| !part.trim().is_empty()).count();
            for key in rest.by_ref().take(count) {
                keys.push(ListedKey { key, made, notes: std::mem::take(&mut notes) });
            }
            if count > 0 {
                made = None;
            }
        }
        Ok(Self { keys, end: notes })
    }

    /// The text of a key file.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let notes: usize =
            self.keys.iter().flat_map(|key| &key.notes).chain(&self.end).map(|note| note.len() + 1).sum();
        // Room for all of it: a text that grows leaves copies of itself behind.
        let mut text = Zeroizing::new(String::with_capacity(self.keys.len() * 2 * LINE_BYTES + notes));
        let mut line = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        for key in &self.keys {
            key.notes.iter().for_each(|note| line(note));
            if let Some(made) = key.made {
                line(&format!("# {}", humantime::format_rfc3339_seconds(made)));
            }
            line(&key.key.to_line());
        }
        self.end.iter().for_each(|note| line(note));
        text
    }

    /// The keys as the engine takes them.
    pub(crate) fn ring(&self) -> Result<KeyRing, KeyError> {
        KeyRing::new(self.keys.iter().map(|listed| listed.key.clone()).collect())
    }

    pub(crate) fn keys(&self) -> &[ListedKey] {
        &self.keys
    }

    /// What to say of the key that seals if it is old.
    pub(crate) fn warning(&self, now: SystemTime) -> Option<String> {
        let first = self.keys.first()?;
        let age = first.age(now).filter(|&age| age > OLD)?;
        let mut text = String::new();
        let days = |time: Duration| time.as_secs() / (24 * 3600);
        write!(
            text,
            "the key that seals, {}, is {} days old; turn keys every {} days, by `daypass keys rotate`",
            first.id(),
            days(age),
            days(OLD)
        )
        .ok()?;
        Some(text)
    }

    /// A fresh key seals from now on, and the others open. Gives back its id.
    pub(crate) fn rotate(&mut self, now: SystemTime) -> Result<String, ChangeError> {
        self.insert(0, now)
    }

    /// A fresh key opens, and does not seal yet. Gives back its id.
    pub(crate) fn teach(&mut self, now: SystemTime) -> Result<String, ChangeError> {
        self.insert(self.keys.len(), now)
    }

    /// A key that is there seals from now on.
    pub(crate) fn promote(&mut self, id: &str) -> Result<(), ChangeError> {
        let place = self.find(id)?;
        self.keys[..=place].rotate_right(1);
        Ok(())
    }

    /// A key goes: what it sealed opens no more. Never the one that seals, so there is always one.
    pub(crate) fn drop_key(&mut self, id: &str) -> Result<(), ChangeError> {
        let place = self.find(id)?;
        if place == 0 {
            return Err(ChangeError::Seals);
        }
        self.keys.remove(place);
        Ok(())
    }

    fn insert(&mut self, place: usize, now: SystemTime) -> Result<String, ChangeError> {
        let fresh = ListedKey::fresh(now)?;
        let id = fresh.id();
        self.keys.insert(place, fresh);
        // One too many is refused here, before it is in a file that no server would start with.
        self.ring()?;
        Ok(id)
    }

    fn find(&self, id: &str) -> Result<usize, ChangeError> {
        self.keys.iter().position(|key| key.id() == id).ok_or(ChangeError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn line() -> String {
        Key::generate().unwrap().to_line().to_string()
    }

    fn time(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    fn ids(list: &KeyList) -> Vec<String> {
        list.keys().iter().map(ListedKey::id).collect()
    }

    #[test]
    fn a_text_reads_back_as_it_was_written() {
        let (one, two, three) = (line(), line(), line());
        let text = format!("# of node 3\n# 2026-01-02T03:04:05Z\n{one}\n{two}\n# last year's\n{three}\n# {one}\n");
        let list = KeyList::parse(&text).unwrap();
        assert_eq!(list.to_text().as_str(), text);
        assert!(list.to_text().capacity() >= text.len() && ids(&list)[1] == Key::parse(&two).unwrap().id());
        let now = time("2026-01-03T03:04:05Z");
        assert_eq!(list.keys().iter().map(|key| key.age(now)).collect::<Vec<_>>(), [Some(DAY), None, None]);
        assert_eq!(list.keys()[0].age(time("2026-01-01T00:00:00Z")), None, "a time that is still to come is no age");
        assert!(!format!("{:?}", list.keys()[0].key).contains(&one[..8]));
        // However it was written by hand, it is the same ring.
        for text in [format!("{one}, {two},\r\n\n  {three}"), format!("  # 2026-01-02T03:04:05Z\n{one},{two}\n{three}")]
        {
            let ring = KeyRing::parse(&text).unwrap();
            let list = KeyList::parse(&text).unwrap();
            assert_eq!(ids(&list), ring.keys().map(Key::id).collect::<Vec<_>>());
            assert_eq!(ids(&KeyList::parse(&list.to_text()).unwrap()), ids(&list));
        }
        assert_eq!(KeyList::parse("# nothing\n").unwrap_err(), KeyError::Missing);
    }

    #[test]
    fn keys_turn_one_step_at_a_time() {
        let now = time("2026-11-25T10:00:00Z");
        let mut list = KeyList::fresh(now).unwrap();
        let first = ids(&list)[0].clone();
        let second = list.rotate(now + DAY).unwrap();
        let third = list.teach(now + DAY).unwrap();
        assert_eq!(ids(&list), [second.as_str(), &first, &third]);
        list.promote(&third).unwrap();
        assert_eq!(ids(&list), [third.as_str(), &second, &first]);
        list.promote(&third).unwrap();
        assert_eq!(list.drop_key(&third), Err(ChangeError::Seals));
        assert_eq!(list.drop_key("00000000"), Err(ChangeError::Unknown));
        assert_eq!(list.promote(""), Err(ChangeError::Unknown));
        list.drop_key(&second).unwrap();
        list.drop_key(&first).unwrap();
        assert_eq!((ids(&list), list.drop_key(&third)), (vec![third.clone()], Err(ChangeError::Seals)));
        for _ in 0..7 {
            list.rotate(now).unwrap();
        }
        assert_eq!(list.rotate(now), Err(ChangeError::Key(KeyError::TooMany(9))));
    }

    #[test]
    fn an_old_key_that_seals_is_told() {
        let made = time("2026-01-01T00:00:00Z");
        let mut list = KeyList::fresh(made).unwrap();
        assert_eq!(list.warning(made + OLD), None);
        let said = list.warning(made + OLD + 2 * DAY).unwrap();
        assert!(said.contains(&ids(&list)[0]) && said.contains("182 days"), "{said}");
        list.rotate(made + OLD).unwrap();
        assert_eq!(list.warning(made + OLD + 2 * DAY), None, "an old key that only opens is nothing to tell");
        assert_eq!(KeyList::parse(&line()).unwrap().warning(made + 10 * OLD), None);
    }
}
