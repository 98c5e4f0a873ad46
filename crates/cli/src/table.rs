//! Tables that fit the terminal: columns become shorter, and then fewer; where there is no terminal, or all is asked for, nothing
//! is left out.

use std::fmt::{self, Write as _};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;

/// A long id keeps so much in a terminal: both of its ends.
const ID: usize = 17;

/// How wide a table may become, and whether it has colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; `None` for as many as there are.
    pub width: Option<usize>,
    /// Whether what is wrong is coloured.
    pub colour: bool,
}

/// A column, and what becomes of it when there is too little room.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    right: bool,
    shape: Shape,
    /// Goes before those with a lower one; 0 stays.
    rank: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// As it is.
    Fixed,
    /// Shortened in the middle to no less than so much.
    Middle(usize),
    /// An id: shortened in the middle wherever there is a terminal.
    Id,
    /// Goes on in the next line, from so much on.
    Wrap(usize),
    /// A time: to the minute.
    Time,
    /// An audit status, or how an execution ended: what is wrong is coloured.
    Status,
}

/// A time to the minute: `2026-11-20 22:00`.
const MINUTE: usize = 16;

impl Column {
    /// A column of short text.
    pub const fn new(title: &'static str) -> Self {
        Self {
            title,
            right: false,
            shape: Shape::Fixed,
            rank: 0,
        }
    }

    /// Of numbers, which stand to the right.
    pub const fn number(title: &'static str) -> Self {
        Self {
            right: true,
            ..Self::new(title)
        }
    }

    /// Of names, which may lose their middle.
    pub const fn name(title: &'static str) -> Self {
        Self {
            shape: Shape::Middle(16),
            ..Self::new(title)
        }
    }

    /// Of ids, of which a person compares the ends.
    pub const fn id(title: &'static str) -> Self {
        Self {
            shape: Shape::Id,
            ..Self::new(title)
        }
    }

    /// Of sentences, which may go on in the next line.
    pub const fn text(title: &'static str) -> Self {
        Self {
            shape: Shape::Wrap(24),
            ..Self::new(title)
        }
    }

    /// Of times as [`scrubjay_pipeline::audit::stamp`] writes them.
    pub const fn time(title: &'static str) -> Self {
        Self {
            shape: Shape::Time,
            ..Self::new(title)
        }
    }

    /// Of audit statuses.
    pub const fn status(title: &'static str) -> Self {
        Self {
            shape: Shape::Status,
            ..Self::new(title)
        }
    }

    /// May be left out, before those of a lower rank.
    #[must_use]
    pub const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    fn least(&self, natural: usize) -> usize {
        match self.shape {
            Shape::Fixed | Shape::Status => natural,
            Shape::Middle(least) | Shape::Wrap(least) => least.min(natural),
            Shape::Id => ID.min(natural),
            Shape::Time => MINUTE.min(natural),
        }
    }
}

/// A table without lines.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A table as it is shown; as text it says which columns are left out, and how to see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its lines.
    pub text: String,
    /// Titles of the columns that are left out.
    pub hidden: Vec<&'static str>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if !self.hidden.is_empty() {
            let hidden = self.hidden.join(", ");
            write!(
                f,
                "\n\nLeft out, because the terminal is narrow: {hidden}. --wide shows all."
            )?;
        }
        Ok(())
    }
}

impl Table {
    /// With its columns.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// One more row: a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// As it looks.
    pub fn show(&self, look: Look) -> Shown {
        let (widths, hidden) = self.widths(look.width);
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
        let mut text = String::new();
        for (cells, colour) in
            std::iter::once((&titles, false)).chain(self.rows.iter().map(|row| (row, look.colour)))
        {
            self.lines(cells, &widths, colour, &mut text);
        }
        text.pop();
        Shown { text, hidden }
    }

    /// The width of every column, `None` if it is left out, and the titles of those.
    fn widths(&self, room: Option<usize>) -> (Vec<Option<usize>>, Vec<&'static str>) {
        let natural: Vec<usize> = (0..self.columns.len())
            .map(|index| {
                let cells = self.rows.iter().filter_map(|row| row.get(index));
                let longest = cells.map(|cell| cell.width()).max().unwrap_or_default();
                longest.max(self.columns[index].title.width())
            })
            .collect();
        let Some(room) = room else {
            return (natural.into_iter().map(Some).collect(), Vec::new());
        };
        let mut there = vec![true; self.columns.len()];
        loop {
            let kept = |widths: &[usize]| -> usize {
                let widths = widths.iter().zip(&there).filter(|(_, there)| **there);
                widths
                    .map(|(width, _)| width + GAP)
                    .sum::<usize>()
                    .saturating_sub(GAP)
            };
            let least: Vec<usize> = self
                .columns
                .iter()
                .zip(&natural)
                .map(|(column, natural)| column.least(*natural))
                .collect();
            let next = (0..self.columns.len())
                .filter(|index| there[*index] && self.columns[*index].rank > 0)
                .max_by_key(|index| self.columns[*index].rank);
            match next {
                Some(index) if kept(&least) > room => there[index] = false,
                _ => {
                    let widths = self.share(&natural, &least, room, kept);
                    let widths = widths.into_iter().zip(&there);
                    let hidden = self.columns.iter().zip(&there);
                    return (
                        widths
                            .map(|(width, there)| there.then_some(width))
                            .collect(),
                        hidden
                            .filter(|(_, there)| !**there)
                            .map(|(c, _)| c.title)
                            .collect(),
                    );
                }
            }
        }
    }

    /// Takes from the widest column that can give, until all of them fit or none can.
    fn share(
        &self,
        natural: &[usize],
        least: &[usize],
        room: usize,
        kept: impl Fn(&[usize]) -> usize,
    ) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .zip(natural)
            .map(|(column, natural)| match column.shape {
                Shape::Id => ID.min(*natural),
                _ => *natural,
            })
            .collect();
        while kept(&widths) > room {
            let widest = (0..widths.len())
                .filter(|index| widths[*index] > least[*index])
                .max_by_key(|index| widths[*index]);
            match widest {
                // A time has two widths.
                Some(index) if self.columns[index].shape == Shape::Time => {
                    widths[index] = least[index];
                }
                Some(index) => widths[index] -= 1,
                None => break,
            }
        }
        widths
    }

    fn lines(&self, cells: &[String], widths: &[Option<usize>], colour: bool, text: &mut String) {
        let columns = self.columns.iter().zip(cells).zip(widths);
        let shown: Vec<(&Column, usize, Vec<String>)> = columns
            .filter_map(|((column, cell), width)| {
                let width = (*width)?;
                Some((column, width, fit(column, cell, width)))
            })
            .collect();
        let height = shown.iter().map(|(_, _, lines)| lines.len()).max();
        for number in 0..height.unwrap_or_default() {
            let mut line = String::new();
            for (index, (column, width, lines)) in shown.iter().enumerate() {
                if index > 0 {
                    line.push_str(&" ".repeat(GAP));
                }
                let part = lines.get(number).map_or("", String::as_str);
                let pad = " ".repeat(width.saturating_sub(part.width()));
                let painted = match column.shape {
                    Shape::Status if colour => paint(part),
                    _ => part.to_owned(),
                };
                let _ = if column.right {
                    write!(line, "{pad}{painted}")
                } else {
                    write!(line, "{painted}{pad}")
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

/// What is wrong is red, what was refused yellow.
fn paint(status: &str) -> String {
    let colour = match status {
        "FAILED" | "TIMED_OUT" | "ABORTED" => 31,
        "REJECTED" => 33,
        _ => return status.to_owned(),
    };
    format!("\x1b[{colour}m{status}\x1b[0m")
}

fn fit(column: &Column, cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    match column.shape {
        Shape::Fixed | Shape::Status => vec![cell.to_owned()],
        Shape::Time => vec![
            cell.chars()
                .take(MINUTE)
                .collect::<String>()
                .replace('T', " "),
        ],
        // Of a path the end tells more.
        Shape::Middle(_) => vec![middle(cell, width, width / 3)],
        Shape::Id => vec![middle(cell, width, width / 2)],
        Shape::Wrap(_) => wrap(cell, width),
    }
}

/// `holid…ach.jpg`: both ends of it.
fn middle(text: &str, width: usize, start: usize) -> String {
    let room = width.saturating_sub(1);
    let start = start.min(room);
    let take = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let mut taken = String::new();
        for c in chars {
            used += c.width().unwrap_or_default();
            if used > room {
                break;
            }
            taken.push(c);
        }
        taken
    };
    let end = take(&mut text.chars().rev(), room - start);
    let start = take(&mut text.chars(), start);
    format!("{start}…{}", end.chars().rev().collect::<String>())
}

/// Lines of no more than `width`, between words where that can be.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word;
        loop {
            let line = lines.last_mut().expect("there is one from the start");
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + rest.width() <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(rest);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            // A word longer than a line.
            let mut used = 0;
            let fits = rest.char_indices().find(|(_, c)| {
                used += c.width().unwrap_or_default();
                used > width
            });
            let at = fits.map_or(rest.len(), |(at, c)| at.max(c.len_utf8()));
            line.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([
            Column::time("updated"),
            Column::status("status"),
            Column::name("key"),
            Column::number("bytes").rank(1),
            Column::number("attempts").rank(2),
            Column::text("what"),
        ]);
        for (status, key, what) in [
            (
                "CLEANED",
                "holiday/a rather long name of a beach.jpg",
                "exif 1, comment 3",
            ),
            (
                "FAILED",
                "x.jpg",
                "StorageUnavailable in Publish: storage unavailable while trying to write",
            ),
        ] {
            table.row(
                [
                    "2026-11-20T22:00:01.500Z",
                    status,
                    key,
                    "1234567",
                    "1",
                    what,
                ]
                .map(ToOwned::to_owned),
            );
        }
        table
    }

    fn look(width: usize) -> Look {
        Look {
            width: Some(width),
            colour: false,
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_left_out() {
        let shown = table().show(Look::default());
        assert!(shown.hidden.is_empty());
        assert_eq!(shown.text.lines().count(), 3);
        assert!(
            shown
                .text
                .contains("holiday/a rather long name of a beach.jpg")
        );
        assert!(shown.text.contains("2026-11-20T22:00:01.500Z"));
    }

    #[test]
    fn a_table_fits_the_terminal() {
        for width in [72, 80, 100, 120, 200] {
            let shown = table().show(look(width));
            let widest = shown.text.lines().map(UnicodeWidthStr::width).max();
            assert!(widest.unwrap() <= width, "{width}: {}", shown.text);
            // What it says stays whole, over as many lines as it takes.
            let words: Vec<&str> = shown.text.split_whitespace().collect();
            for word in ["StorageUnavailable", "trying", "FAILED"] {
                assert!(words.contains(&word), "{width}: {}", shown.text);
            }
        }
        assert_eq!(table().show(look(200)).hidden, [""; 0]);
        let narrow = table().show(look(72));
        assert_eq!(narrow.hidden, ["bytes", "attempts"]);
        assert!(narrow.to_string().ends_with(
            "Left out, because the terminal is narrow: bytes, attempts. --wide shows all."
        ));
    }

    #[test]
    fn a_shortened_name_keeps_both_ends() {
        assert_eq!(
            middle("holiday/a rather long name.jpg", 11, 5),
            "holid…e.jpg"
        );
        assert_eq!(middle("日本語日本語", 6, 3), "日…語");
        assert_eq!(wrap("ab cdefg h", 4), ["ab", "cdef", "g h"]);
        assert_eq!(wrap("日本語", 3), ["日", "本", "語"]);
    }

    #[test]
    fn an_id_is_whole_only_without_a_terminal() {
        let mut table = Table::new([Column::id("execution")]);
        let id = "0123456789abcdef0123456789abcdef";
        table.row([id.to_owned()]);
        assert!(table.show(Look::default()).text.contains(id));
        assert!(table.show(look(200)).text.contains("01234567…89abcdef"));
    }

    #[test]
    fn what_is_wrong_is_coloured_and_takes_no_more_room() {
        let colour = Look {
            width: Some(80),
            colour: true,
        };
        let painted = table().show(colour).text;
        assert!(painted.contains("\x1b[31mFAILED\x1b[0m"));
        let plain = painted.replace("\x1b[31m", "").replace("\x1b[0m", "");
        assert_eq!(plain, table().show(look(80)).text);
    }
}
