//! Cleans a folder: `clean IN OUT [structure|entropy]`. Prints what was refused and why.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use scrubjay_jpeg::{Options, strip, verify};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: clean IN OUT [structure|entropy]"));
    };
    let mut options = Options::default();
    if let Some(check) = arguments.next() {
        options.check = check.parse().map_err(io::Error::other)?;
    }
    for file in files(Path::new(&from))? {
        let data = fs::read(&file)?;
        let place = file.strip_prefix(&from).unwrap_or(&file);
        let out = Path::new(&to).join(place);
        match strip(&data, &options) {
            Ok(stripped) => {
                let clean = stripped.to_vec(&data);
                if let Err(error) = verify(&clean) {
                    println!("NOT CLEAN {}: {error}", place.display());
                }
                fs::create_dir_all(out.parent().unwrap_or(Path::new(".")))?;
                fs::write(out, clean)?;
            }
            Err(error) => println!("{} {}: {error}", error.name(), place.display()),
        }
    }
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
