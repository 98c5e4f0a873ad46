//! The pages on cost and capacity say what the template's numbers, AWS's quotas and AWS's prices give.

use std::sync::Mutex;

use scrubjay_report::cost::{Workflow, estimate};
use scrubjay_tests::figures::{capacity, cost, marked, replaced};
use scrubjay_tests::iac::{read, root};

/// Tests run side by side, and some write the same page.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares what stands between a page's marks, or writes it when `UPDATE_DOCS` is set.
fn hold(page: &str, mark: &str, made: &str) {
    let _one_at_a_time = WRITING.lock();
    let text = read(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(page), replaced(&text, mark, made)).expect("the page");
        return;
    }
    assert_eq!(
        marked(&text, mark),
        Some(made),
        "{page} is out of date; UPDATE_DOCS=1 writes it anew"
    );
}

#[test]
fn the_cost_table_follows_from_the_template() {
    hold("docs/deploy.md", "cost", &cost::page());
}

/// The weekly report reckons with rounded figures of its own, since it has no template to read.
#[test]
fn the_report_reckons_as_the_page_does() {
    let photos = scrubjay_report::Day {
        published: 1_000_000,
        statuses: [("CLEANED".to_owned(), 1_000_000)].into(),
        ..scrubjay_report::Day::default()
    };
    let page = cost::a_million();
    for (workflow, is_express) in [(Workflow::Standard, false), (Workflow::Express, true)] {
        for part in estimate(&photos, workflow) {
            let lines = page
                .iter()
                .filter(|(what, ..)| what.starts_with(part.service));
            let dollars: f64 = lines
                .map(|(_, standard, express)| if is_express { express } else { standard })
                .sum();
            assert!(
                (part.dollars - dollars).abs() <= dollars * 0.02,
                "{} {workflow:?}: the report says {}, docs/deploy.md {dollars}",
                part.service,
                part.dollars
            );
        }
    }
}

#[test]
fn the_capacity_tables_follow_from_the_machine_and_the_quotas() {
    hold("docs/capacity.md", "month", &capacity::month());
    hold("docs/capacity.md", "asks", &capacity::quotas_to_ask_for());
    hold("docs/capacity.md", "pages", &capacity::pages());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return; // the other test writes the table of bursts
    }
    // The largest burst takes a while without optimisation: here the others.
    let text = read("docs/capacity.md");
    let page = marked(&text, "bursts").expect("the table of bursts");
    let express = marked(&text, "express").expect("the table of Express");
    let smaller = [1_000, 10_000];
    for (page, table) in [
        (page, capacity::bursts(&smaller)),
        (express, capacity::express_bursts(&smaller)),
    ] {
        for row in table.lines() {
            assert!(page.contains(row), "docs/capacity.md has no row {row}");
        }
    }
}

#[test]
#[ignore = "half a minute without optimisation: cargo test --release -p scrubjay-tests --test figures -- --ignored"]
fn the_tables_of_bursts_are_what_the_simulation_prints() {
    hold(
        "docs/capacity.md",
        "bursts",
        &capacity::bursts(&capacity::PHOTOS),
    );
    hold(
        "docs/capacity.md",
        "express",
        &capacity::express_bursts(&capacity::PHOTOS),
    );
}
