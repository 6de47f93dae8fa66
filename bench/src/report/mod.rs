//! What people read of it: a document with tables, and a plot.

mod markdown;
mod plot;

use crate::{Outcome, results::Results};
use std::{fs, path::Path};

/// How the run was made, in words.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// How often and for how long servers take turns.
    pub(crate) rounds: String,
    /// How many sessions Daypass's stores hold.
    pub(crate) sessions: String,
}

/// Writes both into a folder.
pub(crate) fn write(folder: &Path, results: &Results, facts: &[(String, String)], run: &Run) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("benchmarks.md"), markdown::document(results, facts, run))?;
    fs::write(folder.join("benchmarks.svg"), plot::plot(results))?;
    Ok(())
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "not measured".to_owned(),
        it if it >= 100.0 => thousands(value.round()),
        it if it >= 10.0 => format!("{value:.1}"),
        it if it >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// With commas.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_say_something() {
        for (value, text) in [
            (1_234_567.0, "1,234,567"),
            (999.6, "1,000"),
            (99.94, "99.9"),
            (9.876, "9.88"),
            (0.01234, "0.012"),
            (f64::NAN, "not measured"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
