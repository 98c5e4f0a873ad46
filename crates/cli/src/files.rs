//! Which files an argument means, and where each goes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use glob::{MatchOptions, Pattern};
use walkdir::{DirEntry, WalkDir};

use crate::show;

/// So many suffixes are told apart when what was skipped is counted.
const SUFFIXES: usize = 6;

/// A file to treat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Where it is; `-` for standard input.
    pub path: PathBuf,
    /// Its path below the folder that was named, or its name if it was named itself.
    pub relative: PathBuf,
}

/// What the arguments mean.
#[derive(Debug, Default)]
pub struct Found {
    /// What is to be treated, in order of the arguments and, below a folder, of the paths.
    pub inputs: Vec<Input>,
    /// What lies in the folders and is not.
    pub skipped: Vec<Skipped>,
    /// What cannot be read.
    pub problems: Vec<Problem>,
}

/// A file or folder that is not treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why not.
    pub why: Why,
}

/// Why a file or folder is not treated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its suffix, in lower case and with the dot, is none of a JPEG.
    Suffix(String),
    /// It has no suffix.
    NoSuffix,
    /// It does not begin as a JPEG does.
    NoJpeg,
    /// It is a symbolic link.
    Link,
    /// It is a device, a pipe or a socket.
    Special,
    /// `--exclude` names it.
    Excluded,
    /// Its clean file would replace one that is there.
    Taken,
}

/// A file or folder that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
}

/// Which files of a folder.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Which files of a folder")]
pub struct Select {
    /// Every file that begins as a JPEG does, whatever its name; otherwise those ending in .jpg, .jpeg or .jpe, in any case
    #[arg(long)]
    any_name: bool,
    /// Pass over files and folders that match, as in .gitignore: `*.tmp.jpg`, `/drafts/`, `raw/**`; may be given more than once
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Follow symbolic links; otherwise they are passed over, unless one is named itself
    #[arg(long)]
    follow: bool,
}

impl Input {
    /// Whether it is standard input. A file of that name is `./-`.
    pub fn is_stdin(&self) -> bool {
        is_stdin(&self.path)
    }

    /// Its name, for people.
    pub fn name(&self) -> String {
        if self.is_stdin() {
            "standard input".into()
        } else {
            show::path(&self.path)
        }
    }
}

/// Whether an argument means standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a name ends as the pipeline's rule wants it: `.jpg`, `.jpeg` or `.jpe`, in any case.
pub fn has_jpeg_suffix(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    scrubjay_pipeline::upload::Suffixes::Jpeg.take(&name.to_string_lossy())
}

/// Every file that is named, and those below every folder that is named which `select` takes; nothing below `out`, so that a
/// second run does not treat the first one's results. What cannot be read is told, and does not stop the rest.
///
/// # Errors
/// When a pattern of `select` cannot be read.
pub fn find(inputs: &[PathBuf], out: Option<&Path>, select: &Select) -> Result<Found> {
    let mut found = Found::default();
    let out = out.and_then(|out| out.canonicalize().ok());
    for input in inputs {
        if is_stdin(input) {
            found.take(input.clone(), input.clone());
            continue;
        }
        match input.metadata() {
            Ok(what) if what.is_dir() => found.walk(input, out.as_deref(), select)?,
            Ok(_) => {
                let name = input.file_name().unwrap_or(input.as_os_str());
                found.take(input.clone(), name.into());
            }
            Err(error) => found.miss(input.clone(), format!("cannot read it: {error}")),
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, path: PathBuf, relative: PathBuf) {
        self.inputs.push(Input { path, relative });
    }

    fn skip(&mut self, path: PathBuf, why: Why) {
        self.skipped.push(Skipped { path, why });
    }

    fn miss(&mut self, path: PathBuf, message: String) {
        self.problems.push(Problem { path, message });
    }

    fn walk(&mut self, root: &Path, out: Option<&Path>, select: &Select) -> Result<()> {
        let excluded: Vec<Excluded> = select
            .exclude
            .iter()
            .map(|glob| Excluded::new(glob))
            .collect::<Result<_>>()?;
        let mut passed = Vec::new();
        let wanted = |entry: &DirEntry| {
            let is_dir = entry.file_type().is_dir();
            let Ok(relative) = entry.path().strip_prefix(root) else {
                return true;
            };
            if entry.depth() == 0 {
                return true;
            }
            if excluded.iter().any(|glob| glob.names(relative, is_dir)) {
                passed.push(entry.path().to_owned());
                return false;
            }
            !is_dir || out.is_none() || entry.path().canonicalize().ok().as_deref() != out
        };
        let below = WalkDir::new(root)
            .follow_links(select.follow)
            .sort_by_file_name();
        for entry in below.into_iter().filter_entry(wanted) {
            match entry {
                Ok(entry) => self.entry(root, entry, select),
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    self.miss(path, explain(&error));
                }
            }
        }
        for path in passed {
            self.skip(path, Why::Excluded);
        }
        Ok(())
    }

    fn entry(&mut self, root: &Path, entry: DirEntry, select: &Select) {
        let kind = entry.file_type();
        if kind.is_dir() {
            return;
        }
        let path = entry.into_path();
        if kind.is_symlink() {
            return self.skip(path, Why::Link);
        }
        if !kind.is_file() {
            return self.skip(path, Why::Special);
        }
        if !has_jpeg_suffix(&path) {
            if !select.any_name {
                let why = Why::of_suffix(&path);
                return self.skip(path, why);
            }
            match begins_as_jpeg(&path) {
                Ok(true) => {}
                Ok(false) => return self.skip(path, Why::NoJpeg),
                Err(error) => return self.miss(path, format!("cannot read it: {error}")),
            }
        }
        let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
        self.take(path, relative);
    }

    /// Forgets what is named twice.
    pub fn once(&mut self) {
        let mut seen = HashSet::new();
        self.inputs.retain(|input| {
            let place = input.path.canonicalize();
            seen.insert(place.unwrap_or_else(|_| input.path.clone()))
        });
    }

    /// That no two of them go to one place.
    ///
    /// # Errors
    /// With the two.
    pub fn apart(&self) -> Result<()> {
        let mut seen: HashMap<&Path, &Path> = HashMap::new();
        for input in &self.inputs {
            if let Some(other) = seen.insert(&input.relative, &input.path) {
                bail!(
                    "{} and {} would both go to {}",
                    show::path(other),
                    show::path(&input.path),
                    show::path(&input.relative)
                );
            }
        }
        Ok(())
    }
}

/// A pattern of `--exclude`, read as a line of a .gitignore is.
struct Excluded {
    pattern: Pattern,
    only_folders: bool,
}

impl Excluded {
    fn new(glob: &str) -> Result<Self> {
        let only_folders = glob.ends_with('/');
        let name = glob.trim_end_matches('/');
        // With a slash it is a path below the folder that was named; without one, a name at any depth.
        let path = match name.strip_prefix('/') {
            Some(path) => path.to_owned(),
            None if name.contains('/') => name.to_owned(),
            None => format!("**/{name}"),
        };
        let pattern = Pattern::new(&path);
        Ok(Self {
            pattern: pattern.with_context(|| format!("--exclude {}", show::printable(glob)))?,
            only_folders,
        })
    }

    fn names(&self, relative: &Path, is_dir: bool) -> bool {
        let options = MatchOptions {
            require_literal_separator: true,
            ..MatchOptions::new()
        };
        (is_dir || !self.only_folders) && self.pattern.matches_path_with(relative, options)
    }
}

/// T.81, B.2.1 and B.1.1.2: SOI, and then a marker.
fn begins_as_jpeg(path: &Path) -> std::io::Result<bool> {
    let mut first = Vec::new();
    File::open(path)?.take(3).read_to_end(&mut first)?;
    Ok(first == [0xFF, 0xD8, 0xFF])
}

/// What is wrong, without the path.
fn explain(error: &walkdir::Error) -> String {
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => format!("this link leads back to {}", show::path(ancestor)),
        (None, Some(error)) => format!("cannot read it: {error}"),
        (None, None) => "cannot read it".into(),
    }
}

impl Why {
    fn of_suffix(path: &Path) -> Self {
        match path.extension() {
            None => Self::NoSuffix,
            Some(suffix) => {
                let suffix = suffix.to_string_lossy().to_lowercase();
                Self::Suffix(show::printable(&format!(".{suffix}")))
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suffix(suffix) => suffix,
            Self::NoSuffix => "without a suffix",
            Self::NoJpeg => "no JPEG",
            Self::Link => "link",
            Self::Special => "device or pipe",
            Self::Excluded => "excluded",
            Self::Taken => "there already",
        })
    }
}

/// `3 skipped: 1 .png, 1 .heic, 1 link`; nothing if nothing was.
pub fn counted<'a>(skipped: impl IntoIterator<Item = &'a Why>) -> Option<String> {
    let mut counts: BTreeMap<&Why, usize> = BTreeMap::new();
    for why in skipped {
        *counts.entry(why).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let mut counts: Vec<(&Why, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (named, others): (Vec<_>, Vec<_>) = counts
        .into_iter()
        .enumerate()
        .partition(|(rank, (why, _))| *rank < SUFFIXES || !matches!(why, Why::Suffix(_)));
    let mut words: Vec<String> = named
        .iter()
        .map(|(_, (why, count))| match (why, count) {
            (Why::Link, 2..) => format!("{count} links"),
            (Why::Special, 2..) => format!("{count} devices or pipes"),
            _ => format!("{count} {why}"),
        })
        .collect();
    if !others.is_empty() {
        let count: usize = others.iter().map(|(_, (_, count))| count).sum();
        words.push(format!("{count} of other suffixes"));
    }
    (total > 0).then(|| format!("{total} skipped: {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        dir
    }

    fn relative(found: &Found) -> Vec<&str> {
        let names = found.inputs.iter();
        names.map(|f| f.relative.to_str().unwrap()).collect()
    }

    #[test]
    fn folders_keep_their_tree_and_leave_the_output_out() {
        let dir = tree(&["a/b/c.JPG", "a/d.jpeg", "a/e.png", "out/c.jpg"]);
        let inputs = [dir.path().to_owned()];
        let found = find(&inputs, Some(&dir.path().join("out")), &Select::default()).unwrap();
        assert_eq!(relative(&found), ["a/b/c.JPG", "a/d.jpeg"]);
        assert_eq!(found.skipped[0].why, Why::Suffix(".png".into()));
    }

    #[test]
    fn what_is_passed_over_is_counted() {
        let dir = tree(&["a.jpg", "b.png", "c.PNG", "d.heic", "e", "x/f.jpg"]);
        symlink(dir.path().join("a.jpg"), dir.path().join("g.jpg")).unwrap();
        symlink("nowhere", dir.path().join("h.jpg")).unwrap();
        let select = Select {
            exclude: vec!["/x/".into()],
            ..Select::default()
        };
        let found = find(&[dir.path().to_owned()], None, &select).unwrap();
        assert_eq!(relative(&found), ["a.jpg"]);
        assert_eq!(
            counted(found.skipped.iter().map(|s| &s.why)).unwrap(),
            "7 skipped: 2 .png, 2 links, 1 .heic, 1 without a suffix, 1 excluded"
        );
        assert_eq!(counted([]), None);
    }

    #[test]
    fn links_are_followed_on_demand_and_a_broken_one_is_told() {
        let dir = tree(&["a.jpg", "b/c.jpg"]);
        symlink(dir.path().join("b"), dir.path().join("l")).unwrap();
        symlink("nowhere", dir.path().join("h.jpg")).unwrap();
        symlink("..", dir.path().join("b/up")).unwrap();
        let select = Select {
            follow: true,
            ..Select::default()
        };
        let found = find(&[dir.path().to_owned()], None, &select).unwrap();
        assert_eq!(relative(&found), ["a.jpg", "b/c.jpg", "l/c.jpg"]);
        let mut problems: Vec<_> = found
            .problems
            .iter()
            .map(|p| (p.path.strip_prefix(dir.path()).unwrap(), &*p.message))
            .collect();
        problems.sort_unstable();
        let (paths, messages): (Vec<_>, Vec<_>) = problems.into_iter().unzip();
        assert_eq!(paths, ["b/up", "h.jpg", "l/up"].map(Path::new));
        assert!(messages[0].contains("leads back to"), "{messages:?}");
        assert!(messages[1].starts_with("cannot read it: No such file"));
    }

    #[test]
    fn a_name_that_is_wrong_does_not_stop_the_rest() {
        let dir = tree(&["a.jpg"]);
        let inputs = [dir.path().join("none"), dir.path().join("a.jpg")];
        let found = find(&inputs, None, &Select::default()).unwrap();
        assert_eq!(relative(&found), ["a.jpg"]);
        assert_eq!(found.problems[0].path, inputs[0]);
    }

    #[test]
    fn any_name_looks_inside() {
        let dir = tree(&["a.png", "b"]);
        fs::write(dir.path().join("c"), b"\xFF\xD8\xFF\xE0").unwrap();
        let select = Select {
            any_name: true,
            ..Select::default()
        };
        let found = find(&[dir.path().to_owned()], None, &select).unwrap();
        assert_eq!(relative(&found), ["c"]);
        assert!(found.skipped.iter().all(|s| s.why == Why::NoJpeg));
    }

    #[test]
    fn a_pattern_is_read_as_in_a_gitignore() {
        for (glob, path, is_dir, wanted) in [
            ("*.tmp.jpg", "a/b.tmp.jpg", false, true),
            ("b.jpg", "a/b.jpg", false, true),
            ("/b.jpg", "a/b.jpg", false, false),
            ("a/b.jpg", "a/b.jpg", false, true),
            ("a/*", "a/b/c.jpg", false, false),
            ("raw/**", "raw/b/c.jpg", false, true),
            ("drafts/", "a/drafts", true, true),
            ("drafts/", "a/drafts", false, false),
        ] {
            let excluded = Excluded::new(glob).unwrap();
            assert_eq!(
                excluded.names(Path::new(path), is_dir),
                wanted,
                "{glob} {path}"
            );
        }
        assert!(Excluded::new("[a").is_err());
    }

    #[test]
    fn two_inputs_for_one_place_are_refused() {
        let dir = tree(&["a/x.jpg", "b/x.jpg"]);
        let inputs = [dir.path().join("a"), dir.path().join("b")];
        let found = find(&inputs, None, &Select::default()).unwrap();
        assert!(found.apart().is_err());
        let mut twice = find(
            &[&inputs[..], &inputs[..1]].concat(),
            None,
            &Select::default(),
        )
        .unwrap();
        twice.once();
        assert_eq!(relative(&twice), ["x.jpg", "x.jpg"]);
    }
}
