//! Passwords that are long enough and yet among the first that somebody would try (NIST SP
//! 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.4 and 6.2.11). What is found is never a reason to ask for other
//! kinds of characters, which NIST forbids: a better password is another one.

use super::{common, estimate::Estimate, rows::is_row};
use unicode_normalization::UnicodeNormalization;

/// Guesses that a password must withstand. Three common things in a row take some hundred million
/// (`password`, `1234567`, `!`), four words or nine characters that follow from nothing take more
/// than this; what a guesser can try over the network is far below.
const ENOUGH: u64 = 1_000_000_000;
/// Where there is no word in it: chance makes dates and runs of one in two thousand random numbers,
/// which then take a little less than [`ENOUGH`]; what somebody typed along three rows takes less than this.
const ENOUGH_WITHOUT_WORDS: u64 = 110_000_000;
/// Up to here a password is also looked at without what is around and between its words.
const SHORT: usize = 64;
/// What repeats a row of so many characters is a row to whoever typed it.
const SHORTEST_ROW: usize = 5;
/// A name, a row or a repetition that takes no more guesses than this is one of the first things to try.
const EARLY: u64 = 200;
/// So is a word among the fifty most common ones, if it is longer than those of which all sentences
/// are made.
const EARLY_WORD: u64 = 50;
const LONG_WORD: usize = 6;
/// Words of the context are taken from so many characters on: shorter ones are in half of all texts.
const SHORTEST_WORD: usize = 3;
/// And cut into pieces of this length: the library's figures overflow on longer ones.
const LONGEST_WORD: usize = 32;

/// Why a password is guessed early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// A common password or a word or two, with or without something around it.
    #[error("this password is among the most common ones, or put together from them")]
    Common,
    /// Made of what everybody knows of the account: its name, the app's, the host's.
    #[error("this password is made of the account's name or this site's name")]
    Context,
    /// A few characters over and over.
    #[error("this password repeats the same characters")]
    Repeated,
    /// Neighbours on the keyboard, letters or digits in their order, dates.
    #[error("this password follows the keyboard, the alphabet or a row of numbers")]
    Pattern,
}

/// Why this password, in its composed form, is guessed early. Nothing if it is not.
pub(super) fn find(password: &str, context: &[&str]) -> Option<Weakness> {
    let text = folded(password);
    let words = words(context);
    if let Some((unit, times)) = repeated(&text) {
        let estimate = Estimate::of(&unit, &words, ENOUGH);
        let weakness = match estimate.weakness() {
            Weakness::Context => Weakness::Context,
            _ if is_row(&unit) && unit.chars().count() >= SHORTEST_ROW => Weakness::Pattern,
            _ => Weakness::Repeated,
        };
        return (estimate.guesses.saturating_mul(times) < ENOUGH).then_some(weakness);
    }
    if is_row(&text) {
        return Some(Weakness::Pattern);
    }
    let whole = Estimate::of(&text, &words, ENOUGH);
    if whole.guesses < enough(whole.weakness()) {
        return Some(whole.weakness());
    }
    if text.chars().count() > SHORT {
        return None;
    }
    padded(&text, &words).or_else(|| spread(&text, &words))
}

const fn enough(weakness: Weakness) -> u64 {
    match weakness {
        Weakness::Common | Weakness::Context => ENOUGH,
        Weakness::Repeated | Weakness::Pattern => ENOUGH_WITHOUT_WORDS,
    }
}

/// One common thing with digits and punctuation around it: `!!password123!!`.
fn padded(text: &str, words: &[String]) -> Option<Weakness> {
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    if core.is_empty() || core == text {
        return None;
    }
    let (before, after) = text.split_once(core)?;
    let core = Estimate::of(core, words, ENOUGH);
    let around = [before, after].into_iter().filter(|padding| !padding.is_empty());
    let guesses = around
        .fold(core.guesses, |guesses, padding| guesses.saturating_mul(Estimate::of(padding, words, ENOUGH).guesses));
    (guesses < enough(core.weakness())).then(|| core.weakness())
}

/// Names, rows and the most common passwords, with spaces or punctuation between them: `qwerty asdfgh
/// zxcvbn`. Only those: which words of a language follow each other is for people to choose.
fn spread(text: &str, words: &[String]) -> Option<Weakness> {
    let pieces = || text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty());
    let joined: String = pieces().collect();
    let letters = joined.trim_matches(|c: char| !c.is_alphabetic());
    if common::PHRASES.contains(&joined.as_str()) || common::PHRASES.contains(&letters) {
        return Some(Weakness::Common);
    }
    let mut found = Vec::new();
    let mut guesses: u64 = 1;
    for piece in pieces() {
        let estimate = Estimate::of(piece, words, ENOUGH);
        guesses = guesses.saturating_mul(estimate.guesses);
        found.push(estimate.weakness());
        let early = match estimate.weakness() {
            Weakness::Common => estimate.guesses <= EARLY_WORD && piece.chars().count() >= LONG_WORD,
            Weakness::Context | Weakness::Repeated | Weakness::Pattern => estimate.guesses <= EARLY,
        };
        if !early || guesses >= ENOUGH {
            return None;
        }
    }
    gravest(|weakness| found.contains(&weakness))
}

/// The one that says most: whoever's name is in it, it is of that name, whatever is around it.
pub(super) fn gravest(is_in_it: impl Fn(Weakness) -> bool) -> Option<Weakness> {
    [Weakness::Context, Weakness::Common, Weakness::Repeated, Weakness::Pattern].into_iter().find(|one| is_in_it(*one))
}

/// In one spelling: whether letters are large or small makes no password a different one here.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).nfc().collect()
}

/// The words of the context: each as it is, without its punctuation, and each part of it.
fn words(context: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in context.iter().map(|text| folded(text)) {
        let joined: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let parts = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        for word in [text.clone(), joined].into_iter().chain(parts) {
            let characters: Vec<char> = word.chars().collect();
            words.extend(characters.chunks(LONGEST_WORD).map(|piece| piece.iter().collect()));
        }
    }
    words.retain(|word| word.chars().count() >= SHORTEST_WORD);
    words.sort_unstable();
    words.dedup();
    words
}

/// What a text repeats from its beginning to its end, and how often: at least twice. The last time
/// may be cut off.
fn repeated(text: &str) -> Option<(String, u64)> {
    let characters: Vec<char> = text.chars().collect();
    let period = period(&characters);
    (period * 2 <= characters.len())
        .then(|| (characters[..period].iter().collect(), characters.len().div_ceil(period) as u64))
}

/// The least distance at which a text agrees with itself: its length if it does so nowhere. Takes
/// time in proportion to the length (the failure function of Knuth, Morris and Pratt).
fn period(characters: &[char]) -> usize {
    let mut borders = vec![0; characters.len()];
    for end in 1..characters.len() {
        let mut border: usize = borders[end - 1];
        while border > 0 && characters[border] != characters[end] {
            border = borders[border - 1];
        }
        borders[end] = border + usize::from(characters[border] == characters[end]);
    }
    characters.len() - borders.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
