//! Where clean files go: in place, beside what is there already, and what of the source they take on.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::command::{bytes, clean, folder, names, run};

fn age(path: &Path) -> SystemTime {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let times = fs::FileTimes::new().set_modified(then).set_accessed(then);
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_times(times)
        .unwrap();
    then
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn in_place_keeps_the_mode_and_on_demand_the_times() {
    for preserve in [false, true] {
        let dir = folder(&[("a.jpg", "beach.jpg"), ("b/c.jpe", "grey.jpe")]);
        let path = dir.path().join("a.jpg");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let then = age(&path);
        let owner = fs::metadata(&path).unwrap();
        let options: &[&str] = if preserve {
            &["scrub", "-i", "--preserve"]
        } else {
            &["scrub", "--in-place"]
        };
        let answer = run(options, &[dir.path()]);
        assert_eq!(
            (answer.code, answer.out()),
            (Some(0), "2 cleaned, 0 refused\n")
        );
        assert_eq!(fs::read(&path).unwrap(), clean("beach.jpg"));
        let is = fs::metadata(&path).unwrap();
        assert_eq!(is.mode() & 0o7777, 0o640);
        assert_eq!((is.uid(), is.gid()), (owner.uid(), owner.gid()));
        assert_eq!(modified(&path) == then, preserve);
        assert_eq!(names(dir.path()), ["a.jpg", "b/c.jpe"]);

        // What is clean is not touched.
        let (inode, then) = (is.ino(), age(&path));
        let answer = run(options, &[dir.path()]);
        assert_eq!(
            (answer.code, answer.out()),
            (Some(0), "0 cleaned, 2 clean already, 0 refused\n")
        );
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
        assert_eq!(modified(&path), then);
    }
}

#[test]
fn in_place_cleans_what_a_link_shows_and_says_when_another_name_holds_the_old_file() {
    let dir = folder(&[("a.jpg", "beach.jpg"), ("c.jpg", "grey.jpe")]);
    let at = |name: &str| dir.path().join(name);
    symlink("a.jpg", at("link.jpg")).unwrap();
    let answer = run(&["scrub", "-i"], &[at("link.jpg"), at("a.jpg")]);
    assert_eq!(
        (answer.code, answer.out()),
        (Some(0), "1 cleaned, 0 refused\n")
    );
    assert!(at("link.jpg").is_symlink());
    assert_eq!(fs::read(at("a.jpg")).unwrap(), clean("beach.jpg"));

    fs::hard_link(at("c.jpg"), at("d.jpg")).unwrap();
    let answer = run(&["scrub", "-i"], &[at("c.jpg")]);
    assert!(
        answer.err.contains("1 of its hard links still hold"),
        "{answer:?}"
    );
    assert_eq!(fs::read(at("d.jpg")).unwrap(), bytes("grey.jpe"));
}

#[test]
fn in_place_leaves_what_is_refused() {
    let dir = folder(&[("a.jpg", "beach.jpg")]);
    fs::write(dir.path().join("b.jpg"), b"no picture").unwrap();
    let answer = run(&["scrub", "-i"], &[dir.path()]);
    assert_eq!(
        (answer.code, answer.out()),
        (Some(1), "1 cleaned, 1 refused\n")
    );
    assert_eq!(fs::read(dir.path().join("b.jpg")).unwrap(), b"no picture");
    assert_eq!(names(dir.path()), ["a.jpg", "b.jpg"]);
}

#[test]
fn what_is_there_is_replaced_or_on_demand_left() {
    let dir = folder(&[("in/a.jpg", "beach.jpg"), ("out/a.jpg", "grey.jpe")]);
    let at = |name: &str| dir.path().join(name);
    let out = at("out");
    let out = out.to_str().unwrap();
    let answer = run(&["scrub", "--no-clobber", "-o", out], &[at("in")]);
    assert_eq!(
        answer.out(),
        "0 cleaned, 0 refused, 1 skipped: 1 there already\n"
    );
    assert_eq!(fs::read(at("out/a.jpg")).unwrap(), bytes("grey.jpe"));
    let then = age(&at("in/a.jpg"));
    let answer = run(&["scrub", "-p", "-o", out], &[at("in")]);
    assert_eq!(answer.out(), "1 cleaned, 0 refused\n");
    assert_eq!(fs::read(at("out/a.jpg")).unwrap(), clean("beach.jpg"));
    assert_eq!(modified(&at("out/a.jpg")), then);
}
