//! `scrubjay report`: the figures of the weekly report, of any span, on demand.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_pipeline::aws::{Queue, Rollups};
use scrubjay_report::cost::Workflow;
use scrubjay_report::{Period, Report, Stack, gather};

use crate::target::{Target, TargetArgs};

/// Longer spans are a matter for an export: docs/operations.md.
const MOST_DAYS: usize = 400;

/// What happened to the photos of a week or of any span of days, what needs doing, and what it cost
///
/// The same figures as the weekly report, from the audit table alone. Days that the stack's own report has closed are read as they
/// were kept; the others, and those so far, are counted. Days are those of the stack's time zone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay report                                        # the last seven days, as a table of figures
  scrubjay report --week 2026-W48 --format html -o w48.html
  scrubjay report --since 30d --open                     # in the browser
  scrubjay report --from 2026-11-01 --to 2026-11-30 --format csv")]
pub struct Args {
    /// So many days up to today, such as 7d or 30d
    #[arg(long, value_name = "DAYS", value_parser = days, default_value = "7d", conflicts_with_all = ["week", "from", "to"])]
    since: i64,
    /// A week, from Monday to Sunday
    #[arg(long, value_name = "YYYY-Www", conflicts_with_all = ["from", "to"])]
    week: Option<Period>,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", requires = "to")]
    from: Option<Date>,
    /// The last day, included
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    to: Option<Date>,
    /// How to write it; text is what a terminal shows
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where to; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long, conflicts_with = "format")]
    open: bool,
    /// Days of this time zone, instead of the stack's
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Html,
    Json,
    Csv,
}

fn days(text: &str) -> Result<i64, String> {
    let number = text.strip_suffix('d').and_then(|days| days.parse().ok());
    number
        .filter(|days| (1..=MOST_DAYS as i64).contains(days))
        .ok_or_else(|| format!("give 1d to {MOST_DAYS}d"))
}

/// # Errors
/// What is wrong with the span, the time zone or the stack, or that the table refuses to answer.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let report = runtime.block_on(make(args))?;
    let format = match args.format {
        _ if args.open => Format::Html,
        Some(format) => format,
        None => by_ending(args.output.as_deref()),
    };
    let text = match format {
        Format::Text => text(&report),
        Format::Html => report.html(),
        Format::Json => report.json(),
        Format::Csv => report.csv(),
    };
    let path = match (&args.output, args.open) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => {
            let name = report.period.name.replace(' ', "-");
            let name = format!("scrubjay-{}-{name}.html", report.stack.env);
            Some(std::env::temp_dir().join(name))
        }
        (None, false) => None,
    };
    match &path {
        None => show::say(format_args!("{}", text.trim_end()))?,
        Some(path) => {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("{}", path.display());
        }
    }
    if let Some(path) = path.filter(|_| args.open) {
        open(&path)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn by_ending(path: Option<&std::path::Path>) -> Format {
    let ending = path.and_then(|path| path.extension()?.to_str());
    match ending {
        Some("html") => Format::Html,
        Some("json") => Format::Json,
        Some("csv") => Format::Csv,
        _ => Format::Text,
    }
}

async fn make(args: &Args) -> Result<Report> {
    let target = args.target.find().await?;
    let name = match &args.time_zone {
        Some(name) => name,
        None => target.output("TimeZone")?,
    };
    let zone = TimeZone::get(name)
        .with_context(|| format!("{name:?} is no time zone, such as Europe/Berlin"))?;
    let name = name.to_owned();
    let now = Timestamp::now();
    let today = now.to_zoned(zone.clone()).date();
    let period = period(args, today)?;
    ensure!(
        period.from <= today,
        "{} lies in the future: today is {today}",
        period.name
    );
    let last = gather::last_closed(now, &zone);
    let first = gather::first_day(&period);
    let rollups = Rollups::new(target.sdk(), target.output("AuditTable")?.to_owned());
    let spinner = show::spinner();
    let mut days = gather::closed(&rollups, &name, first, last.min(period.to)).await?;
    // What is usual is known from closed days alone; the period's own days are counted.
    let missing: Vec<Date> = period
        .days()
        .filter(|day| *day <= today && !days.contains_key(day))
        .collect();
    for day in missing {
        spinner.set_message(format!("counting {day}"));
        days.insert(day, gather::count(&rollups, day, &zone).await?);
    }
    spinner.set_message("what stands open");
    let mut open = gather::open(&rollups, now).await?;
    let queue = Queue::new(target.sdk(), target.output("DeadLettersUrl")?.to_owned());
    // Whoever may read the table need not be allowed to ask the queue.
    open.dead_letters = queue.length().await.ok();
    spinner.finish_and_clear();
    let stack = stack(&target, name);
    Ok(Report::new(stack, period, &days, last, open))
}

fn period(args: &Args, today: Date) -> Result<Period> {
    let period = match (&args.week, args.from, args.to) {
        (Some(week), _, _) => week.clone(),
        (None, Some(from), Some(to)) => Period::days_of(from, to)?,
        _ => Period::days_of(today.saturating_sub((args.since - 1).days()), today)?,
    };
    if period.days().count() > MOST_DAYS {
        bail!(
            "{} has more than {MOST_DAYS} days: export instead, docs/operations.md",
            period.name
        );
    }
    Ok(period)
}

fn stack(target: &Target, time_zone: String) -> Stack {
    let region = target.sdk().region().map(ToString::to_string);
    let is_aws = target.sdk().endpoint_url().is_none();
    let express = target
        .output("Workflow")
        .is_ok_and(|name| name == "express");
    Stack {
        env: target.env().to_owned(),
        // Links lead into the real console only.
        region: region.filter(|_| is_aws).unwrap_or_default(),
        time_zone,
        workflow: if express {
            Workflow::Express
        } else {
            Workflow::Standard
        },
        runbook_url: String::new(),
    }
}

fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{}, {}{}",
        report.stack.env,
        report.period.name,
        if report.so_far { ", so far" } else { "" }
    )];
    lines.push("\nWhat needs doing".into());
    if report.todo.is_empty() {
        lines.push("  Nothing.".into());
    }
    for todo in &report.todo {
        lines.push(format!("  {}\n    {}", todo.what, todo.how));
    }
    lines.push("\nWhat happened".into());
    lines.extend(
        report
            .sentences()
            .into_iter()
            .map(|told| format!("  {told}")),
    );
    let numbers = [
        "published",
        "refused",
        "overtaken",
        "failed",
        "removed",
        "with position",
    ];
    let titles = [Column::new("day")].into_iter();
    let mut table = Table::new(titles.chain(numbers.map(Column::number)));
    let all = ("all".to_owned(), &report.total);
    let days = report
        .days
        .iter()
        .map(|(date, day)| (date.to_string(), day));
    for (name, day) in days.chain([all]) {
        let numbers = [
            day.published,
            day.of("REJECTED"),
            day.of("SUPERSEDED"),
            day.of("FAILED"),
            day.of("RETRACTED"),
            day.exif.gps,
        ];
        table.row([vec![name], numbers.map(|n| n.to_string()).to_vec()].concat());
    }
    lines.push(format!("\n{}", table.show(Look::default()).text));
    for (reason, count) in &report.total.refused {
        lines.push(format!("  refused, {}: {count}", show::printable(reason)));
    }
    lines.push(format!(
        "\nAbout ${:.2}, by list prices, without storage.",
        report.dollars()
    ));
    lines.join("\n")
}

/// By the desktop's own means.
fn open(path: &std::path::Path) -> Result<()> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(program).arg(path).spawn();
    started.with_context(|| {
        format!(
            "{program} cannot be started; the page is {}",
            path.display()
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn parse(args: &[&str]) -> Result<Args, clap::Error> {
        Command::try_parse_from([&["report"], args].concat()).map(|command| command.args)
    }

    #[test]
    fn a_span_is_named_in_one_way() {
        let today: Date = "2026-11-25".parse().unwrap();
        let span = |args: &[&str]| period(&parse(args).unwrap(), today).unwrap();
        assert_eq!(span(&[]).name, "2026-11-19 to 2026-11-25");
        assert_eq!(span(&["--week", "2026-W48"]).name, "2026-W48");
        let days = span(&["--from", "2026-11-01", "--to", "2026-11-02"]);
        assert_eq!(days.days().count(), 2);
        for wrong in [
            &["--week", "2026-48"][..],
            &["--week", "2026-W48", "--since", "7d"],
            &["--from", "2026-11-01"],
            &["--since", "7"],
            &["--since", "0d"],
            &["--since", "401d"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        let long = parse(&["--from", "2020-01-01", "--to", "2026-01-01"]).unwrap();
        assert!(period(&long, today).is_err());
    }

    #[test]
    fn the_file_s_ending_says_the_format() {
        let of = |name: &str| by_ending(Some(std::path::Path::new(name)));
        assert_eq!(
            (of("a.html"), of("a.csv"), of("a.txt")),
            (Format::Html, Format::Csv, Format::Text)
        );
    }
}
