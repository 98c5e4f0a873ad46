//! Charts as SVG, drawn from the figures. Beside each stands a table with the same numbers.

use std::fmt::Write as _;

use super::escape;
use crate::Report;
use crate::report::number;

/// Units of the drawing; the page scales it to its width.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 240.0;
/// Room for the numbers on the left, and for the days below.
const LEFT: f64 = 56.0;
const BELOW: f64 = 24.0;
/// Of a horizontal bar.
const BAR: f64 = 18.0;
const GAP: f64 = 8.0;
const NAMES: f64 = 190.0;
const NUMBERS: f64 = 70.0;

/// The segments of a day's bar, from the bottom up.
const PARTS: [(&str, &str); 5] = [
    ("CLEANED", "published"),
    ("REJECTED", "refused"),
    ("SUPERSEDED", "overtaken"),
    ("FAILED", "failed"),
    ("RETRACTED", "removed"),
];

/// Outcomes by day: a bar for each day of the period, also for those without figures.
pub fn days(report: &Report) -> String {
    let most = report
        .days
        .values()
        .map(crate::Day::uploads)
        .max()
        .unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let top = rounded_up(most);
    let dates: Vec<_> = report.period.days().collect();
    let step = (WIDTH - LEFT) / dates.len() as f64;
    let scale = |count: u64| count as f64 / top as f64 * (HEIGHT - BELOW - 10.0);
    let floor = HEIGHT - BELOW;
    let mut svg = format!(
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Uploads by day and outcome; the numbers are in the table below\">\n"
    );
    for quarter in 0..=4_u64 {
        let count = top * quarter / 4;
        let y = floor - scale(count);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            number(count)
        );
    }
    // With many days not every one has room for its name.
    let every = (dates.len() * 62).div_ceil(744).max(1);
    for (index, date) in dates.iter().enumerate() {
        let x = LEFT + step * index as f64 + step * 0.15;
        if let Some(day) = report.days.get(date) {
            let mut y = floor;
            for (status, class) in PARTS {
                let count = day.of(status);
                if count > 0 {
                    let height = scale(count).max(0.5);
                    y -= height;
                    let _ = writeln!(
                        svg,
                        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{date}: {} {class}</title></rect>",
                        step * 0.7,
                        number(count)
                    );
                }
            }
        }
        if index % every == 0 {
            let _ = writeln!(
                svg,
                "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + step * 0.35,
                HEIGHT - 6.0,
                date.strftime("%a %-d.%-m.")
            );
        }
    }
    svg.push_str("</svg>\n<ul class=\"legend\">");
    for (_, class) in PARTS {
        let _ = write!(svg, "<li><i class=\"{class}\"></i>{class}</li>");
    }
    svg.push_str("</ul>\n</figure>\n");
    svg
}

/// Horizontal bars, the longest first.
pub fn ranked<'a>(label: &str, bars: impl Iterator<Item = (&'a str, u64)>) -> String {
    let bars: Vec<(&str, u64)> = bars.collect();
    let most = bars
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let height = bars.len() as f64 * (BAR + GAP);
    let mut svg = format!(
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}; the numbers are in the table below\">\n",
        escape(label)
    );
    for (index, (name, count)) in bars.iter().enumerate() {
        let y = index as f64 * (BAR + GAP);
        let length = *count as f64 / most as f64 * (WIDTH - NAMES - NUMBERS);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"published\" x=\"{NAMES}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            NAMES - 8.0,
            y + BAR - 5.0,
            escape(name),
            length.max(1.0),
            NAMES + length + 6.0,
            y + BAR - 5.0,
            number(*count)
        );
    }
    svg.push_str("</svg>\n</figure>\n");
    svg
}

/// The next round number that is a multiple of four: 4, 8, 20, 40, 80, 200 and so on.
fn rounded_up(n: u64) -> u64 {
    let mut unit = 1;
    loop {
        for step in [4, 8, 20] {
            if n <= step * unit {
                return step * unit;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::rounded_up;

    #[test]
    fn axes_end_at_round_numbers() {
        for (n, top) in [
            (1, 4),
            (5, 8),
            (9, 20),
            (21, 40),
            (1_930, 2_000),
            (8_001, 20_000),
        ] {
            assert_eq!(rounded_up(n), top, "{n}");
        }
    }
}
