//! Prints the sample report of `docs/report/`: `cargo run -p scrubjay-report --example sample -- html|json|csv`.

#[path = "../tests/sample/week.rs"]
mod week;

fn main() {
    let report = week::report();
    print!(
        "{}",
        match std::env::args().nth(1).as_deref() {
            Some("json") => report.json(),
            Some("csv") => report.csv(),
            _ => report.html(),
        }
    );
}
