//! A file's bytes, in one buffer.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Deref;

use anyhow::{Context, Result};
use memmap2::MmapMut;
use scrubjay_pipeline::Error;

use crate::files::Input;

/// Bytes in what Linux calls a transparent huge page, on x86-64 and, with pages of 4 KiB, on arm64.
const HUGE_PAGE: usize = 2 << 20;

/// From this size on, one huge page is faster to get from the system than many small ones, although a part of it stays unused.
const LARGE: usize = HUGE_PAGE / 4;

/// All bytes of a file.
#[derive(Debug)]
pub enum Content {
    /// From the allocator, which takes memory that was used before.
    Allocated(Vec<u8>),
    /// In memory of its own, of which the file has so many bytes.
    Mapped(MmapMut, usize),
}

/// A file that was read.
#[derive(Debug)]
pub struct Whole {
    /// Its bytes.
    pub content: Content,
    /// What it was when it was opened; `None` for standard input.
    pub metadata: Option<Metadata>,
}

/// Reads a file; refuses it by its size before reading it, and never reads more than one byte above `max_bytes`.
///
/// A large file that is the `only` one of the process gets huge pages: there is no memory yet to be used again, and to get
/// that of a photo in small pages takes longer than all the work on it.
///
/// # Errors
/// When it cannot be read, or tells a size above `max_bytes`.
pub fn read(input: &Input, max_bytes: u64, only: bool) -> Result<Whole> {
    if input.is_stdin() {
        let all = io::stdin().lock().take(max_bytes.saturating_add(1));
        let content = allocated(all, Vec::new()).context("cannot read it")?;
        return Ok(Whole {
            content,
            metadata: None,
        });
    }
    let file = File::open(&input.path).context("cannot read it")?;
    let metadata = file.metadata().context("cannot read it")?;
    let size = metadata.len();
    if size > max_bytes {
        return Err(Error::TooLarge(format!("{size} bytes, the limit is {max_bytes}")).into());
    }
    let file = file.take(max_bytes.saturating_add(1));
    let size = size as usize;
    let content = if only && size >= LARGE {
        mapped(file, size)
    } else {
        allocated(file, Vec::with_capacity(size + 1))
    };
    Ok(Whole {
        content: content.context("cannot read it")?,
        metadata: Some(metadata),
    })
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Allocated(all) => all,
            Self::Mapped(memory, length) => &memory[..*length],
        }
    }
}

fn allocated(mut file: impl Read, mut all: Vec<u8>) -> io::Result<Content> {
    file.read_to_end(&mut all)?;
    Ok(Content::Allocated(all))
}

/// `size` is what the file tells; one that has more is read all the same.
fn mapped(mut file: impl Read, size: usize) -> io::Result<Content> {
    let mut memory = huge_pages(size + 1)?;
    let mut length = 0;
    while length <= size {
        match file.read(&mut memory[length..=size]) {
            Ok(0) => return Ok(Content::Mapped(memory, length)),
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    allocated(file, memory[..length].to_vec())
}

/// Fresh memory, in huge pages as far as the system has them.
fn huge_pages(length: usize) -> io::Result<MmapMut> {
    let whole = if length % HUGE_PAGE < LARGE {
        length
    } else {
        length.next_multiple_of(HUGE_PAGE)
    };
    let memory = MmapMut::map_anon(whole)?;
    #[cfg(target_os = "linux")]
    // A kernel that has none says so, and gives small ones.
    let _ = memory.advise(memmap2::Advice::HugePage);
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use super::*;

    fn read(path: &Path, max_bytes: u64, only: bool) -> Content {
        let input = Input {
            path: path.to_owned(),
            relative: path.to_owned(),
        };
        super::read(&input, max_bytes, only).unwrap().content
    }

    #[test]
    fn a_mapped_file_has_its_bytes_and_no_more() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(HUGE_PAGE * 2).collect();
        for length in [
            LARGE,
            HUGE_PAGE - 1,
            HUGE_PAGE,
            HUGE_PAGE + 7,
            HUGE_PAGE + LARGE,
        ] {
            let content = mapped(&bytes[..length], length).unwrap();
            assert!(matches!(content, Content::Mapped(..)), "{length}");
            assert!(*content == bytes[..length], "{length}");
        }
    }

    #[test]
    fn only_a_large_file_that_is_alone_gets_memory_of_its_own() {
        for (size, only, own) in [
            (LARGE, true, true),
            (LARGE, false, false),
            (LARGE - 1, true, false),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&vec![7; size]).unwrap();
            let content = read(file.path(), u64::MAX, only);
            assert_eq!(matches!(content, Content::Mapped(..)), own, "{size} {only}");
            assert!(*content == vec![7; size]);
        }
    }

    #[test]
    fn a_file_that_is_longer_or_shorter_than_it_tells_is_read_to_its_end() {
        for told in [0, 3, 5, 6, 7, 100] {
            assert_eq!(
                *mapped(b"sample" as &[u8], told).unwrap(),
                *b"sample",
                "{told}"
            );
        }
    }

    #[test]
    fn a_pipe_is_read_to_its_end_but_not_beyond_the_limit() {
        for (limit, length) in [(100_000, 9000), (9000, 9000), (64, 65)] {
            let (reader, mut writer) = pipe().unwrap();
            writer.write_all(&[0; 9000]).unwrap();
            drop(writer);
            let path = format!("/dev/fd/{}", reader.as_raw_fd());
            let content = read(Path::new(&path), limit, true);
            assert_eq!(content.len(), length, "{limit}");
        }
    }
}
