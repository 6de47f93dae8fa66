//! Rows: characters in the order in which everybody knows them.

/// The alphabet, the digits, and the ways over a keyboard: along its rows, down its columns, and to
/// and fro between two rows. What follows the end of a row that is walked in a circle stands there again.
const ROWS: [&str; 7] = [
    "abcdefghijklmnopqrstuvwxyza",
    "12345678901",
    "qwertyuiopasdfghjklzxcvbnmq",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Whether every character but the first stands beside the one before it in some row.
pub(super) fn is_row(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(mut before) = characters.next() else { return false };
    let mut steps = 0;
    for next in characters {
        if !ROWS.iter().any(|row| beside(row, before, next)) {
            return false;
        }
        before = next;
        steps += 1;
    }
    steps > 0
}

fn beside(row: &str, one: char, other: char) -> bool {
    row.chars().zip(row.chars().skip(1)).any(|pair| pair == (one, other) || pair == (other, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_walked_step_by_step() {
        for row in ["abc", "cba", "1234567890123", "qwertyuiopasdf", "1qaz2wsx", "1q2w3e4r", "xyzabc", "09876"] {
            assert!(is_row(row), "{row}");
        }
        for other in ["", "a", "aa", "password", "13", "qwertyp", "日本"] {
            assert!(!is_row(other), "{other}");
        }
    }
}
