//! End to end, on the deployed stack: for each case bucket B's bytes, the audit item and the execution's end.

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
