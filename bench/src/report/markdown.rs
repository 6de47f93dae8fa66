//! The document.

use super::{Run, number};
use crate::{
    results::{Bar, Limit, Results, Section},
    stage::Who,
    stats::Spread,
};
use std::fmt::Write;

pub(super) fn document(results: &Results, facts: &[(String, String)], run: &Run) -> String {
    let mut out = String::from(
        "# Benchmarks\n\n<!-- Written by script/bench: do not edit. -->\n\n\
         What Daypass costs, next to the same work done without sessions and done by others. \
         `./script/bench` makes this page and the plot anew, on the machine on which it runs.\n\n\
         ![Processor time a request, and how it grows with the number of sessions](benchmarks.svg)\n\n",
    );
    how(&mut out, run);
    out.push_str("## Machine and versions\n\n| | |\n|---|---|\n");
    for (name, value) in facts {
        _ = writeln!(out, "| {name} | {value} |");
    }
    bars(&mut out, results);
    for section in &results.sections {
        table(&mut out, section);
    }
    growth(&mut out, results);
    out
}

fn how(out: &mut String, Run { rounds, sessions }: &Run) {
    _ = write!(
        out,
        "## How it is measured\n\n\
         One run. Servers and databases have one core, the load has another. Each server is a process of its own with a \
         tokio runtime of one worker thread (but for the whole host, which always has two at least), release builds, no \
         log but the host's own. Sixteen connections ask, wait for the answer and ask again. The load never sleeps while \
         it asks, since to wake it would be the work of whoever answers, and more often that of a slow one. All \
         servers of a table run side by side and take turns in {rounds}, another one first each time; a round's time is given in \
         eight turns where nothing has to be waited for between them. For those who are signed in, those who slide, \
         guests, cookies that do not open, and growth they are all started anew after each quarter of the rounds, since one \
         process is dearer or cheaper than another of the same program for as long as it runs. Before it is measured each \
         is warmed up. Cookies come of age in the table of those who slide alone. All answer the same JSON, `{{\"account\":\"user000000\"}}`, and a run in which one answer is not the \
         expected one ends there.\n\n\
         **Processor time** is what to judge by: it is the server's and that of the database processes that serve it, by \
         the kernel's count, over the number of requests. Rates and percentiles say more of the machine. Numbers are \
         medians over the rounds, with the quartiles in brackets. Ratios are taken within each round.\n\n\
         Daypass's engine stands around a whole router, as the README says. The others are set up as their documentation \
         shows, with the user looked up by axum-login in the same place as the sessions. Their stores hold the sessions \
         that are used and no more, Daypass's {sessions}. PostgreSQL is set up as it comes (fsync on), but for the size of its buffers and of its log; SQLite as each sets it up.\n\n"
    );
}

fn bars(out: &mut String, results: &Results) {
    if results.bars.is_empty() {
        return;
    }
    let met = results.bars.iter().filter(|bar| bar.is_met()).count();
    _ = write!(
        out,
        "\n## What was asked for\n\n{met} of {} are met.\n\n| what | asked for | measured | |\n|---|---|---|---|\n",
        results.bars.len()
    );
    for bar in &results.bars {
        let Bar { what, measured, unit, limit } = bar;
        let asked = match limit {
            Limit::AtMost(limit) => format!("at most {}", with_unit(*limit, unit)),
            Limit::AtLeast(limit) => format!("at least {}", with_unit(*limit, unit)),
        };
        let verdict = if bar.is_met() { "met" } else { "**not met**" };
        _ = writeln!(out, "| {what} | {asked} | {} | {verdict} |", spread(measured, unit));
    }
    for note in &results.notes {
        _ = write!(out, "\n{note}\n");
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    let space = if matches!(unit, "×" | "") { "" } else { " " };
    format!("{}{space}{unit}", number(value))
}

fn spread(spread: &Spread, unit: &str) -> String {
    let Spread { median, low, high } = *spread;
    if low.to_bits() == high.to_bits() || median.is_nan() {
        return with_unit(median, unit);
    }
    format!("{} ({} to {})", with_unit(median, unit), number(low), number(high))
}

fn table(out: &mut String, section: &Section) {
    let Section { title, text, rows } = section;
    let bare = section.row(Who::Bare);
    let (head, rule) = if bare.is_some() { (" over bare axum |", "---:|") } else { ("", "") };
    _ = write!(
        out,
        "\n## {title}\n\n{text}\n\n| | processor time, µs |{head} requests/s | p99, µs |\n|---|---:|{rule}---:|---:|\n"
    );
    for row in rows {
        let name = if row.ours { format!("**{}**", row.label) } else { row.label.clone() };
        let over = bare.map(|bare| format!(" {} |", spread(&row.over(bare), "×"))).unwrap_or_default();
        _ = writeln!(
            out,
            "| {name} | {} |{over} {} | {} |",
            spread(&row.spread(|sample| sample.cpu), ""),
            number(row.spread(|sample| sample.rate).median),
            number(row.spread(|sample| sample.p99).median)
        );
    }
}

fn growth(out: &mut String, results: &Results) {
    if results.growth.is_empty() {
        return;
    }
    out.push_str(
        "\n## More and more sessions\n\nProcessor time of a check in µs, with so many sessions alive in the database. As \
         many of them are in use in each case: warm is what a check of one costs that the server knows, cold of one that \
         it does not.\n\n| | sessions | processor time, µs |\n|---|---:|---:|\n",
    );
    for growth in &results.growth {
        for (sessions, cost) in &growth.points {
            #[expect(clippy::cast_precision_loss, reason = "a million")]
            let sessions = number(*sessions as f64);
            _ = writeln!(out, "| {} | {sessions} | {} |", growth.label, spread(cost, ""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_not_met_says_so() {
        let bar = |median, limit| Bar { what: "it".to_owned(), measured: Spread::once(median), unit: "×", limit };
        let bars = vec![bar(1.5, Limit::AtMost(1.18)), bar(6.0, Limit::AtLeast(5.0))];
        let text = document(&Results { bars, ..Results::default() }, &[], &Run::default());
        assert!(text.contains("1 of 2 are met."), "{text}");
        assert!(text.contains("| it | at most 1.18× | 1.50× | **not met** |"), "{text}");
        assert!(text.contains("| it | at least 5.00× | 6.00× | met |"), "{text}");
    }
}
