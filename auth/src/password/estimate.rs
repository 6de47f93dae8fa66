//! How many guesses a text takes, and of what kinds its parts are.

use super::{
    rows::is_row,
    weakness::{Weakness, gravest},
};
use zxcvbn::{
    Match,
    matching::patterns::{MatchPattern, RepeatPattern},
};

/// Characters that are looked at together; of a longer text, windows of so many that overlap by
/// half. The work grows faster than the window, and in this way only in proportion to the text.
const WINDOW: usize = 64;
/// What may stand for a letter (`pa$$w0rd`). The library tries every combination of those that
/// occur, which a text with all of them turns into a second of work.
const SUBSTITUTES: &str = "({[<|%+@!$4836917052";
/// How many different ones of them are taken for letters.
const MOST_SUBSTITUTES: usize = 8;
/// What a text is made of, seen by somebody who guesses.
#[derive(Debug)]
pub(super) struct Estimate {
    /// How many guesses it takes, in the order in which they would be tried.
    pub(super) guesses: u64,
    /// What each part is; nothing for characters that have to be tried one by one.
    parts: Vec<Option<Weakness>>,
}

impl Estimate {
    /// Estimates a text in lower case. `words` are tried first. Of a long text, the estimate of its
    /// strongest window: a text is never weaker than a part of it. Stops at the first window that
    /// takes `enough` guesses.
    pub(super) fn of(text: &str, words: &[String], enough: u64) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut strongest = Self { guesses: 0, parts: Vec::new() };
        let mut start = 0;
        loop {
            let end = characters.len().min(start + WINDOW);
            let estimate = Self::of_window(&characters[start..end], words);
            if estimate.guesses >= strongest.guesses {
                strongest = estimate;
            }
            if end == characters.len() || strongest.guesses >= enough {
                return strongest;
            }
            start += WINDOW / 2;
        }
    }

    fn of_window(characters: &[char], words: &[String]) -> Self {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let found = zxcvbn::zxcvbn(&bounded(characters), &words);
        let parts = found.sequence().iter().map(|part| kind(part, &words)).collect();
        Self { guesses: found.guesses(), parts }
    }

    /// What it is made of, in one word.
    pub(super) fn weakness(&self) -> Weakness {
        gravest(|weakness| self.parts.contains(&Some(weakness))).unwrap_or(Weakness::Common)
    }
}

fn kind(part: &Match, words: &[&str]) -> Option<Weakness> {
    match &part.pattern {
        MatchPattern::Dictionary(found) if words.contains(&found.matched_word.as_str()) => Some(Weakness::Context),
        MatchPattern::Dictionary(_) if is_row(&part.token) => Some(Weakness::Pattern),
        MatchPattern::Dictionary(_) if part.token.chars().any(char::is_alphabetic) => Some(Weakness::Common),
        MatchPattern::Repeat(RepeatPattern { base_matches, .. }) => {
            let of_a_name = base_matches.iter().any(|base| kind(base, words) == Some(Weakness::Context));
            Some(if of_a_name { Weakness::Context } else { Weakness::Repeated })
        }
        MatchPattern::Dictionary(_)
        | MatchPattern::Spatial(_)
        | MatchPattern::Sequence(_)
        | MatchPattern::Regex(_)
        | MatchPattern::Date(_) => Some(Weakness::Pattern),
        MatchPattern::BruteForce => None,
    }
}

/// The text, with the rarest substitutes replaced by characters that stand for nothing if there are
/// too many different ones. Each by its own: what did not repeat itself does not do so afterwards.
fn bounded(characters: &[char]) -> String {
    let used = SUBSTITUTES.chars().filter(|substitute| characters.contains(substitute)).count();
    if used <= MOST_SUBSTITUTES {
        return characters.iter().collect();
    }
    let nothing = |c: char| match SUBSTITUTES.chars().take_while(char::is_ascii_punctuation).position(|s| s == c) {
        // Far apart from each other, so that they are no sequence.
        Some(place) => u32::try_from(place * 97).ok().and_then(|step| char::from_u32(0xe000 + step)).unwrap_or(c),
        None => c,
    };
    characters.iter().copied().map(nothing).collect()
}
