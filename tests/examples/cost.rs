//! Prints the cost tables of docs/deploy.md, from the template's own numbers.

fn main() {
    print!("{}", scrubjay_tests::figures::cost::page());
}
