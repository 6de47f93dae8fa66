//! Numbers out of rounds.

/// A median, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of numbers in any order; nothing of none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self { median: quantile(&sorted, 0.5)?, low: quantile(&sorted, 0.25)?, high: quantile(&sorted, 0.75)? })
    }

    /// The same, where none are not a number: nothing compares with it, and no bar is met by it.
    pub(crate) fn of_rounds(values: &[f64]) -> Self {
        Self::of(values).unwrap_or(Self::once(f64::NAN))
    }

    /// Of one number that was measured once.
    pub(crate) const fn once(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }
}

/// Between two neighbours where it falls between them.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "there are dozens of rounds, not 2^52")]
    let at = part * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last place")]
    let below = at.floor() as usize;
    let (low, high) = (sorted.get(below)?, sorted.get((below + 1).min(last))?);
    Some(low + (high - low) * at.fract())
}

/// The 99th percentile: the value that 99 of 100 do not exceed. Sorts what it is given.
pub(crate) fn p99<T: Ord + Copy>(values: &mut [T]) -> Option<T> {
    values.sort_unstable();
    let place = (values.len() * 99).div_ceil(100).checked_sub(1)?;
    values.get(place).copied()
}

/// Round by round, because what disturbs a round disturbs both.
pub(crate) fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_quartiles_are_those_of_the_sorted_numbers() {
        let spread = Spread::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!(spread, Spread { median: 3.0, low: 2.0, high: 4.0 });
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.5, low: 1.75, high: 3.25 });
        assert_eq!(Spread::of(&[7.0]), Some(Spread::once(7.0)));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn one_in_a_hundred_is_above_the_99th_percentile() {
        assert_eq!(p99(&mut (1..=100).rev().collect::<Vec<u32>>()), Some(99));
        assert_eq!(p99(&mut (1..=1000).collect::<Vec<u32>>()), Some(990));
        assert_eq!(p99(&mut [3, 9, 1]), Some(9));
        assert_eq!(p99::<u32>(&mut []), None);
    }

    #[test]
    fn a_round_is_compared_with_the_same_round() {
        // Twice as slow a machine in the second round changes nothing.
        assert_eq!(ratios(&[12.0, 24.0], &[10.0, 20.0]), [1.2, 1.2]);
    }
}
