//! The report as one page of HTML: light and dark, on a screen and on paper.

mod charts;

use std::fmt::Write as _;

use crate::report::{bytes, number, seconds};
use crate::{Day, Report};

const STYLE: &str = include_str!("html/style.css");

pub fn of(report: &Report) -> String {
    let title = format!("scrubjay {}: {}", report.stack.env, report.period.name);
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        title = escape(&title)
    );
    head(report, &mut page);
    todo(report, &mut page);
    happened(report, &mut page);
    cost(report, &mut page);
    page.push_str(
        "<footer>Every figure is counted from the audit table. The same week made again gives the same page, unless its data \
         has changed. Names of kinds and numbers only: the table has no metadata to show.</footer>\n</main>\n</body>\n</html>\n",
    );
    page
}

fn head(report: &Report, page: &mut String) {
    let _ = write!(
        page,
        "<header>\n<h1>What became of the photos, {}</h1>\n<p class=\"sub\">scrubjay {} &middot; {} to {}, days of {}{}</p>\n",
        escape(&report.period.name),
        escape(&report.stack.env),
        report.period.from,
        report.period.to,
        escape(&report.stack.time_zone),
        if report.so_far {
            " &middot; <strong class=\"badge\">so far: the period has not ended</strong>"
        } else {
            ""
        }
    );
    page.push_str("<dl class=\"tiles\">\n");
    let before = report.before.as_ref();
    let tiles: [(&str, u64, Option<u64>); 5] = [
        (
            "published",
            report.total.published,
            before.map(|b| b.published),
        ),
        (
            "refused",
            report.total.of("REJECTED"),
            before.map(|b| b.of("REJECTED")),
        ),
        ("failures open", report.open_failures, None),
        (
            "carried a position",
            report.total.exif.gps,
            before.map(|b| b.exif.gps),
        ),
        (
            "removed from B",
            report.total.of("RETRACTED"),
            before.map(|b| b.of("RETRACTED")),
        ),
    ];
    for (name, value, was) in tiles {
        let _ = writeln!(
            page,
            "<div><dt>{name}</dt><dd>{}</dd><dd class=\"was\">{}</dd></div>",
            number(value),
            was.map_or_else(String::new, |was| format!("{} before", number(was)))
        );
    }
    page.push_str("</dl>\n</header>\n");
}

fn todo(report: &Report, page: &mut String) {
    page.push_str("<section>\n<h2>What needs doing</h2>\n");
    if report.todo.is_empty() {
        page.push_str("<p class=\"good\">Nothing.</p>\n</section>\n");
        return;
    }
    page.push_str("<ul class=\"todo\">\n");
    for todo in &report.todo {
        let _ = writeln!(
            page,
            "<li>{}<br><code>{}</code></li>",
            escape(&todo.what),
            escape(&todo.how)
        );
    }
    page.push_str("</ul>\n");
    // If no URL is configured, the runbook is a file of the repository, and the report cannot link to it.
    if report.stack.runbook_url.starts_with("http") {
        let _ = writeln!(
            page,
            "<p><a href=\"{}\">What to do, step by step</a></p>",
            escape(&report.stack.runbook_url)
        );
    }
    if !report.failures_by.is_empty() {
        let rows = report.failures_by.iter();
        let rows = rows.map(|(name, count)| vec![escape(name), number(*count)]);
        table(
            page,
            "Open failures, by error and state",
            &["error", "uploads"],
            rows,
        );
        let rows = report.newest_failures.iter().map(|failure| {
            vec![
                escape(&failure.key),
                escape(&format!("{} in {}", failure.error, failure.state)),
                report.local(failure.since),
                link(report, &failure.execution),
            ]
        });
        let caption = if report.open_failures as usize > report.newest_failures.len() {
            format!("The newest {} of them", report.newest_failures.len())
        } else {
            "Each of them".to_owned()
        };
        table(
            page,
            &caption,
            &["key", "error", "since", "execution"],
            rows,
        );
    }
    page.push_str("</section>\n");
}

/// To the execution in the console.
fn link(report: &Report, execution: &str) -> String {
    let name = execution.rsplit(':').next().unwrap_or_default();
    let short: String = name.chars().take(12).collect();
    if report.stack.region.is_empty() || name.is_empty() {
        return escape(name);
    }
    format!(
        "<a href=\"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{arn}\">{short}</a>",
        region = escape(&report.stack.region),
        arn = escape(execution),
        short = escape(&short)
    )
}

/// One figure of a day.
type Figure = fn(&Day) -> u64;

fn happened(report: &Report, page: &mut String) {
    page.push_str("<section>\n<h2>What happened</h2>\n");
    if report.total.uploads() == 0 {
        page.push_str("<p>Nothing was uploaded, refused or removed.</p>\n");
    }
    for sentence in report.sentences() {
        let _ = writeln!(page, "<p>{}</p>", escape(&sentence));
    }
    page.push_str(&charts::days(report));
    let before = report.before.as_ref();
    let was = |of: Figure| before.map_or_else(|| "not known".to_owned(), |day| number(of(day)));
    let rows: [(&str, Figure); 6] = [
        ("published", |day| day.published),
        ("refused", |day| day.of("REJECTED")),
        ("overtaken", |day| day.of("SUPERSEDED")),
        ("failed, and still so at the day's end", |day| {
            day.of("FAILED")
        }),
        ("removed from bucket B", |day| day.of("RETRACTED")),
        ("lost events that were found", |day| {
            day.reconcile.lost_events
        }),
    ];
    table(
        page,
        "Against the period before",
        &["outcome", "now", "before"],
        rows.map(|(name, of)| vec![name.to_owned(), number(of(&report.total)), was(of)]),
    );
    let rows = report.days.iter().map(|(date, day)| {
        let wait = |percent| {
            day.waits
                .percentile(percent)
                .map_or_else(|| "-".to_owned(), seconds)
        };
        let mut row = vec![date.to_string()];
        row.extend(
            [
                day.published,
                day.of("REJECTED"),
                day.of("SUPERSEDED"),
                day.of("FAILED"),
                day.of("RETRACTED"),
            ]
            .map(number),
        );
        row.extend([wait(50), wait(95), wait(99)]);
        row
    });
    table(
        page,
        "By day; p50, p95 and p99 from upload to publication, at most a tenth too high",
        &[
            "day",
            "published",
            "refused",
            "overtaken",
            "failed",
            "removed",
            "p50",
            "p95",
            "p99",
        ],
        rows,
    );
    refused(report, page);
    kinds(report, page);
    page.push_str("</section>\n");
}

fn refused(report: &Report, page: &mut String) {
    let mut reasons: Vec<(&String, &u64)> = report.total.refused.iter().collect();
    reasons.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    if reasons.is_empty() {
        return;
    }
    page.push_str("<h3>Why photos were refused</h3>\n");
    page.push_str(&charts::ranked(
        "Refused photos by reason",
        reasons.iter().map(|(name, count)| (name.as_str(), **count)),
    ));
    let rows = reasons
        .iter()
        .map(|(name, count)| vec![escape(name), number(**count)]);
    table(page, "Refused, by reason", &["reason", "photos"], rows);
}

fn kinds(report: &Report, page: &mut String) {
    let mut kinds: Vec<_> = report.total.kinds.iter().collect();
    kinds.sort_by_key(|(name, kind)| (std::cmp::Reverse(kind.uploads), *name));
    if kinds.is_empty() {
        return;
    }
    page.push_str("<h3>What was removed before publication</h3>\n");
    page.push_str(&charts::ranked(
        "Published photos by kind of metadata that was removed",
        kinds
            .iter()
            .take(12)
            .map(|(name, kind)| (name.as_str(), kind.uploads)),
    ));
    let exif = report.total.exif;
    let parts = [
        ("exif.gps", exif.gps),
        ("exif.makerNote", exif.maker_note),
        ("exif.thumbnail", exif.thumbnail),
    ];
    let rows = kinds
        .iter()
        .map(|(name, kind)| {
            vec![
                escape(name),
                number(kind.uploads),
                number(kind.count),
                bytes(kind.bytes),
            ]
        })
        .chain(
            parts
                .into_iter()
                .filter(|_| exif.known > 0)
                .map(|(name, uploads)| {
                    vec![name.to_owned(), number(uploads), "-".into(), "-".into()]
                }),
        );
    table(
        page,
        "Removed, by kind",
        &["kind", "photos", "segments", "bytes"],
        rows,
    );
}

fn cost(report: &Report, page: &mut String) {
    page.push_str("<section>\n<h2>What it cost</h2>\n");
    let _ = writeln!(
        page,
        "<p>About ${:.2}, by AWS's list prices in us-east-1. An estimate from the numbers above: storage and the fixed monthly \
         items are not in it.</p>",
        report.dollars()
    );
    let rows = report.cost.iter().map(|part| {
        vec![
            part.service.to_owned(),
            escape(&part.reckoned),
            format!("{:.4}", part.dollars),
        ]
    });
    table(
        page,
        "By service, in US dollars",
        &["service", "reckoned as", "dollars"],
        rows,
    );
    page.push_str("</section>\n");
}

/// Cells are HTML. Columns of numbers stand to the right.
fn table(
    page: &mut String,
    caption: &str,
    head: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let is_number = |cell: &str| {
        cell == "-" || cell.len() < 12 && cell.starts_with(|c: char| c.is_ascii_digit())
    };
    let class = |column: usize| {
        let numbers = column > 0 && rows.iter().all(|row| is_number(&row[column]));
        if numbers { " class=\"n\"" } else { "" }
    };
    let _ = write!(
        page,
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>",
        escape(caption)
    );
    for (column, name) in head.iter().enumerate() {
        let _ = write!(
            page,
            "<th scope=\"col\"{}>{}</th>",
            class(column),
            escape(name)
        );
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &rows {
        page.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            if column == 0 {
                let _ = write!(page, "<th scope=\"row\">{cell}</th>");
            } else {
                let _ = write!(page, "<td{}>{cell}</td>", class(column));
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// Text as HTML shows it, also within an attribute's quotes. Control characters, which could break lines, become a question mark.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
