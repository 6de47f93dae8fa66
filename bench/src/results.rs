//! What was measured, and what it has to be.

use crate::{
    stage::Who,
    stats::{Spread, ratios},
};

/// What one round of one server gave.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// Processor time a request, of the server and what serves its database, in microseconds.
    pub(crate) cpu: f64,
    /// Requests a second.
    pub(crate) rate: f64,
    /// The 99th percentile of how long an answer took, in microseconds.
    pub(crate) p99: f64,
}

/// A server's rounds.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) ours: bool,
    pub(crate) who: Who,
    pub(crate) samples: Vec<Sample>,
}

/// What one table shows.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) rows: Vec<Row>,
}

/// What is asked for, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) what: String,
    pub(crate) measured: Spread,
    pub(crate) unit: &'static str,
    pub(crate) limit: Limit,
}

/// How far it may go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// How many sessions there are, and what a check costs then.
#[derive(Clone, Debug)]
pub(crate) struct Growth {
    pub(crate) label: String,
    pub(crate) points: Vec<(usize, Spread)>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    pub(crate) sections: Vec<Section>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) notes: Vec<String>,
}

impl Row {
    pub(crate) fn cpu(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| sample.cpu).collect()
    }

    pub(crate) fn spread(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        Spread::of_rounds(&self.samples.iter().map(of).collect::<Vec<_>>())
    }

    /// The processor time of this one over that of another one, round by round.
    pub(crate) fn over(&self, other: &Self) -> Spread {
        Spread::of_rounds(&ratios(&self.cpu(), &other.cpu()))
    }
}

impl Section {
    /// The rounds of one who was measured.
    pub(crate) fn row(&self, who: Who) -> Option<&Row> {
        self.rows.iter().find(|row| row.who == who)
    }
}

impl Bar {
    pub(crate) fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.measured.median <= limit,
            Limit::AtLeast(limit) => self.measured.median >= limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_on_its_right_side_and_at_it() {
        let bar = |limit, median| Bar { what: String::new(), measured: Spread::once(median), unit: "", limit };
        assert!(bar(Limit::AtMost(1.18), 1.18).is_met() && !bar(Limit::AtMost(1.18), 1.19).is_met());
        assert!(bar(Limit::AtLeast(5.0), 5.0).is_met() && !bar(Limit::AtLeast(5.0), 4.9).is_met());
        assert!(!bar(Limit::AtMost(1.0), f64::NAN).is_met(), "what was not measured is not met");
    }
}
