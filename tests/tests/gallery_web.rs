//! The gallery as its users meet it: the API, the direct API, and the pages in a browser; on one stack, with IAM enforced.

#[path = "gallery_web/api.rs"]
mod api;
#[path = "gallery_web/browser.rs"]
mod browser;
#[path = "gallery_web/direct.rs"]
mod direct;
#[path = "gallery_web/fuzz.rs"]
mod fuzz;
