//! The plot: points for what a request costs, and lines of how that grows. Light and dark by what the reader's
//! system prefers.

use super::{number, thousands};
use crate::{
    results::{Growth, Results, Section},
    stats::Spread,
};
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const LABELS: f64 = 290.0;
const NUMBERS: f64 = 90.0;
const STEP: f64 = 26.0;
const LINES: f64 = 230.0;

const STYLE: &str = "
  svg { --ink: #1f2328; --quiet: #59636e; --rule: #d1d9e0; --ours: #0b6bcb; --others: #8c959f; --ground: #ffffff; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #f0f6fc; --quiet: #9198a1; --rule: #3d444d; --ours: #4da3ff; --others: #7d8590; --ground: #0d1117; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 15px; }
  .quiet { fill: var(--quiet); }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .ground { fill: var(--ground); }
  .ours { fill: var(--ours); }
  .others { fill: var(--others); }
  .spread { stroke: var(--ink); stroke-width: 1.5; }
  .rule { stroke: var(--rule); stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .dot { stroke: none; }
  .sqlite { stroke: var(--ours); fill: var(--ours); }
  .postgres { stroke: #bf5b04; fill: #bf5b04; }
  .cold { stroke-dasharray: 5 4; }
  path.line { fill: none; }
";

/// The whole picture.
pub(super) fn plot(results: &Results) -> String {
    let (mut body, mut y) = (String::new(), 16.0);
    // The tables that compare with others.
    let first = results.sections.first().filter(|section| section.rows.iter().any(|row| !row.ours));
    if let Some(section) = first {
        y = points(&mut body, section, y);
    }
    if !results.growth.is_empty() {
        y = lines(&mut body, &results.growth, y);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" height=\"{y}\" \
         role=\"img\" aria-label=\"Processor time a request\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n"
    )
}

/// A point each, the further to the right the dearer. The scale is logarithmic: the dearest costs dozens of times
/// what the cheapest does. So there are no bars, whose lengths people compare.
fn points(out: &mut String, section: &Section, top: f64) -> f64 {
    let costs: Vec<_> = section.rows.iter().map(|row| (row, row.spread(|sample| sample.cpu))).collect();
    let most = costs.iter().map(|(_, cost)| cost.high).fold(1.0, f64::max);
    let scale = Log { from: 1.0, to: most.max(10.0), width: WIDTH - LABELS - NUMBERS };
    let mut y = top + 12.0;
    text(out, 16.0, y, "title", section.title);
    y += 20.0;
    text(out, 16.0, y, "quiet", "processor time a request in µs, database included; logarithmic; median and quartiles");
    y += 14.0;
    #[expect(clippy::cast_precision_loss, reason = "a dozen")]
    let bottom = y + STEP * costs.len() as f64;
    for tick in scale.ticks() {
        let x = LABELS + scale.at(tick);
        _ = writeln!(out, "<line class=\"rule\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>");
        text(out, x, bottom + 15.0, "quiet middle", &thousands(tick));
    }
    for (row, Spread { median, low, high }) in &costs {
        let (class, width) = (if row.ours { "ours" } else { "others" }, scale.at(*median));
        let middle = y + STEP / 2.0;
        text(out, LABELS - 12.0, middle + 4.5, if row.ours { "end ours" } else { "end" }, &row.label);
        let (at, from, to) = (LABELS + width, LABELS + scale.at(*low), LABELS + scale.at(*high));
        _ = writeln!(out, "<line class=\"rule\" x1=\"{LABELS}\" y1=\"{middle}\" x2=\"{at:.1}\" y2=\"{middle}\"/>");
        _ = writeln!(out, "<line class=\"spread\" x1=\"{from:.1}\" y1=\"{middle}\" x2=\"{to:.1}\" y2=\"{middle}\"/>");
        _ = writeln!(out, "<circle class=\"{class}\" cx=\"{at:.1}\" cy=\"{middle:.1}\" r=\"5.5\"/>");
        text(out, to.max(at) + 12.0, middle + 4.5, "", &number(*median));
        y += STEP;
    }
    bottom + 40.0
}

fn lines(out: &mut String, growth: &[Growth], top: f64) -> f64 {
    let (left, right) = (60.0, WIDTH - 230.0);
    let points = || growth.iter().flat_map(|growth| &growth.points);
    #[expect(clippy::cast_precision_loss, reason = "a million")]
    let sizes = || points().map(|(size, _)| *size as f64);
    let across = Log { from: sizes().fold(f64::MAX, f64::min), to: sizes().fold(10.0, f64::max), width: right - left };
    let most = points().map(|(_, cost)| cost.high).fold(10.0, f64::max);
    let up = Log { from: 1.0, to: most, width: LINES };
    let mut y = top + 12.0;
    text(out, 16.0, y, "title", "More and more sessions");
    y += 20.0;
    text(out, 16.0, y, "quiet", "processor time of a check in µs, by how many sessions are alive; both logarithmic");
    y += 16.0;
    let bottom = y + LINES;
    for tick in up.ticks() {
        let at = bottom - up.at(tick);
        _ = writeln!(out, "<line class=\"rule\" x1=\"{left}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\"/>");
        text(out, left - 8.0, at + 4.5, "quiet end", &thousands(tick));
    }
    for tick in across.ticks() {
        text(out, left + across.at(tick), bottom + 18.0, "quiet middle", &thousands(tick));
    }
    let mut labels: Vec<(f64, &Growth)> = Vec::new();
    for growth in growth {
        #[expect(clippy::cast_precision_loss, reason = "a million")]
        let place = |(size, cost): &(usize, Spread)| (left + across.at(*size as f64), bottom - up.at(cost.median));
        let places: Vec<_> = growth.points.iter().map(place).collect();
        let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let (store, kind) = classes(growth);
        _ = writeln!(out, "<path class=\"line {store} {kind}\" d=\"M{}\"/>", path.join(" L"));
        for (x, y) in &places {
            _ = writeln!(out, "<circle class=\"dot {store}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
        }
        if let Some((_, y)) = places.last() {
            labels.push((*y, growth));
        }
    }
    // From the top down, none on another.
    labels.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut free = f64::MIN;
    for (at, growth) in labels {
        let at = at.max(free);
        free = at + 17.0;
        text(out, right + 12.0, at + 4.5, "", growth.label.trim_start_matches("Daypass's engine, "));
    }
    bottom + 36.0
}

fn classes(growth: &Growth) -> (&'static str, &'static str) {
    let store = if growth.label.contains("SQLite") { "sqlite" } else { "postgres" };
    (store, if growth.label.ends_with("cold") { "cold" } else { "" })
}

fn text(out: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

/// A logarithmic scale.
struct Log {
    from: f64,
    to: f64,
    width: f64,
}

impl Log {
    fn at(&self, value: f64) -> f64 {
        let part = (value / self.from).log10() / (self.to / self.from).log10();
        part.clamp(0.0, 1.0) * self.width
    }

    /// The powers of ten in it.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        let first = 10_f64.powf(self.from.log10().ceil());
        let to = self.to;
        std::iter::successors(Some(first), |tick| Some(tick * 10.0)).take_while(move |tick| *tick <= to * 1.001)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_begins_and_ends_where_it_should() {
        let scale = Log { from: 1.0, to: 1000.0, width: 300.0 };
        assert_eq!([1.0, 10.0, 1000.0, 5000.0].map(|value| scale.at(value).round()), [0.0, 100.0, 300.0, 300.0]);
        assert_eq!(scale.ticks().count(), 4);
    }
}
