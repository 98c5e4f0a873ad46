//! What the pipeline costs and how many photos it can take, computed from the template's own numbers, AWS's quotas and AWS's
//! prices.
//!
//! Nothing here is measured. `cargo run -p scrubjay-tests --example capacity` and `--example cost` print the pages' tables.

pub mod burst;
pub mod capacity;
pub mod cost;
pub mod machine;
pub mod month;
pub mod prices;
pub mod quotas;

use std::fmt::Write;

/// A table in Markdown.
///
/// # Panics
///
/// When a row has another number of cells than the head.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        head.join(" | "),
        " --- |".repeat(head.len())
    );
    for row in rows {
        assert_eq!(row.len(), head.len(), "{row:?}");
        writeln!(text, "| {} |", row.join(" | ")).expect("a string takes everything");
    }
    text
}

/// A whole number with commas between its thousands.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 && digits != "0" {
        text.insert(0, '-');
    }
    text
}

/// A number of seconds in the unit that people use.
pub fn spoken(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// What stands between two marks of a page, `<!-- name -->` and `<!-- /name -->`, or `None` without them.
pub fn marked<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n"))?;
    Some(rest.split_once(&format!("<!-- /{name} -->"))?.0)
}

/// The page with other text between its marks.
///
/// # Panics
///
/// When the page has no such marks.
pub fn replaced(page: &str, name: &str, text: &str) -> String {
    let old = marked(page, name).unwrap_or_else(|| panic!("no marks {name}"));
    let mark = format!("<!-- {name} -->\n");
    page.replacen(&format!("{mark}{old}"), &format!("{mark}{text}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0.4, "0"),
            (999.0, "999"),
            (1_000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-1_500.0, "-1,500"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_page_is_read_and_written_between_its_marks() {
        let page = "a\n<!-- x -->\nold\n<!-- /x -->\nb";
        assert_eq!(marked(page, "x"), Some("old\n"));
        assert_eq!(
            replaced(page, "x", "new\n"),
            "a\n<!-- x -->\nnew\n<!-- /x -->\nb"
        );
        assert_eq!(marked(page, "y"), None);
    }
}
