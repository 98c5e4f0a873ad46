//! `scrub`, `inspect` and `verify` on files, as a user calls them.

mod files {
    mod command;
    mod inspect;
    mod interrupt;
    mod pages;
    mod place;
    mod scrub;
    mod select;
    mod streams;
    mod two_programs;
    mod verify;
}
