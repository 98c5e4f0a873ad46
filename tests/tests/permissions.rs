//! Who may do what, by trying: every principal, every action that matters, on an emulated AWS that enforces the real
//! policies; each answer held against that of the policies themselves.

mod permissions {
    mod attempt;
    mod matrix;
    mod page;
    mod principal;
}
