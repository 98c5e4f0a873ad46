//! The commands that operate a deployed stack, run as a person runs them: replay, audit, and the plain `aws` lines of the
//! documentation; and the one that runs the pipeline on this machine.

mod operate {
    mod audit;
    mod backfill;
    mod command;
    mod documented;
    mod erase;
    mod harness;
    mod load;
    mod old_items;
    mod photos;
    mod replay;
    mod run;
    mod smoke;
    mod target;
}
