//! The commands that operate a deployed stack, run as a person runs them: replay, audit, and the plain `aws` lines of the
//! documentation.

mod operate {
    mod audit;
    mod command;
    mod documented;
    mod harness;
    mod replay;
    mod smoke;
    mod target;
}
