//! What became of each.

use std::fmt;

use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use serde::Serialize;

/// What was done, or is to be done, about one execution or event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The execution continues at the state that failed.
    Redriven,
    /// A new execution was started.
    Started,
    /// The gallery's message is on its way again; what becomes of it shows in the catalogue.
    Sent,
    /// It runs already.
    AlreadyRunning,
    /// It was done already.
    AlreadyDone,
    /// The event has nothing in it to be done.
    Dropped,
    /// It cannot be replayed; `detail` says why.
    Impossible,
    /// A filter leaves it out.
    NotAskedFor,
}

/// One execution or event.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The key in bucket A, or what is known instead.
    pub about: String,
    /// What was done.
    pub action: Action,
    /// The execution that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// How the execution ended, or the upload stands: an audit status where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether it failed again, or cannot be replayed.
    pub failed: bool,
    /// The audit item.
    #[serde(skip)]
    pub item: Option<(String, String)>,
}

impl Row {
    /// About something that an execution does.
    pub fn new(about: impl Into<String>, action: Action) -> Self {
        Self {
            about: about.into(),
            action,
            execution: None,
            outcome: None,
            detail: None,
            failed: action == Action::Impossible,
            item: None,
        }
    }

    /// With the execution that does it.
    #[must_use]
    pub fn by(mut self, execution: impl Into<String>) -> Self {
        self.execution = Some(execution.into());
        self
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whether there is an end to wait for.
    pub fn is_under_way(&self) -> bool {
        matches!(
            self.action,
            Action::Redriven | Action::Started | Action::AlreadyRunning
        )
    }
}

/// Everything.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    dry_run: bool,
    rows: Vec<Row>,
    redriven: usize,
    started: usize,
    /// Messages of the gallery.
    sent: usize,
    /// Failed again, or could not be replayed.
    pub failed: usize,
    #[serde(skip)]
    look: Look,
}

impl Report {
    /// Counts.
    pub fn of(rows: Vec<Row>, dry_run: bool, look: Look) -> Self {
        let count = |action| rows.iter().filter(|row| row.action == action).count();
        Self {
            dry_run,
            redriven: count(Action::Redriven),
            started: count(Action::Started),
            sent: count(Action::Sent),
            failed: rows.iter().filter(|row| row.failed).count(),
            rows,
            look,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return write!(f, "nothing to replay");
        }
        let mut table = Table::new([
            Column::name("what"),
            Column::new("action"),
            Column::status("outcome"),
            Column::id("execution").rank(1),
            Column::text("detail"),
        ]);
        for row in &self.rows {
            table.row([
                show::printable(&row.about),
                row.action.words(self.dry_run).to_owned(),
                row.outcome.clone().unwrap_or_else(|| "-".into()),
                show::execution(row.execution.as_deref().unwrap_or("-")).to_owned(),
                show::printable(row.detail.as_deref().unwrap_or_default()),
            ]);
        }
        writeln!(f, "{}\n", table.show(self.look))?;
        let Self {
            redriven,
            started,
            sent,
            failed,
            ..
        } = self;
        let others = show::count(self.rows.len() - redriven - started - sent, "other");
        let sent = match (sent, self.dry_run) {
            (0, _) => String::new(),
            (_, true) => format!("{sent} of the gallery to send back, "),
            (_, false) => format!("{sent} of the gallery sent back, "),
        };
        if self.dry_run {
            write!(
                f,
                "{redriven} to redrive, {started} to start anew, {sent}{others}; nothing was done"
            )
        } else {
            write!(
                f,
                "{redriven} redriven, {started} started anew, {sent}{others}; {failed} failed again or cannot be replayed"
            )
        }
    }
}

impl Action {
    fn words(self, dry_run: bool) -> &'static str {
        match (self, dry_run) {
            (Self::Redriven, false) => "redriven",
            (Self::Redriven, true) => "would redrive",
            (Self::Started, false) => "started anew",
            (Self::Started, true) => "would start anew",
            (Self::Sent, false) => "sent back",
            (Self::Sent, true) => "would send back",
            (Self::AlreadyRunning, _) => "runs already",
            (Self::AlreadyDone, _) => "done already",
            (Self::Dropped, false) => "dropped",
            (Self::Dropped, true) => "would drop",
            (Self::Impossible, _) => "cannot be replayed",
            (Self::NotAskedFor, _) => "left out",
        }
    }
}
