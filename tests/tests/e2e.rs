//! End-to-end tests on the deployed stack. For each case they check bucket B's bytes, the audit item and how the execution ended.

mod e2e {
    mod canaries;
    mod crash;
    mod ends;
    mod happy;
    mod monitoring;
    mod order;
    mod parameters;
    mod reconcile;
    mod refused;
    mod replay;
    mod report;
    mod restore;
    mod settled;
}
