//! `scrubjay photos show`.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay::show;
use scrubjay_gallery::{Label, Photo, PhotoId};
use serde::Serialize;

use crate::target::TargetArgs;

/// All that the catalogue knows of one photo
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its key in bucket B, or its id
    #[arg(value_name = "KEY")]
    key: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Report(pub Photo);

/// A photo by its key or, when there is none of that key, by its id.
pub async fn find(key: &str, target: &TargetArgs) -> Result<Option<Photo>> {
    let catalogue = super::catalogue(target).await?;
    if let Some(photo) = catalogue.get(PhotoId::of(key)).await? {
        return Ok(Some(photo));
    }
    match key.parse() {
        Ok(id) => Ok(catalogue.get(id).await?),
        Err(_) => Ok(None),
    }
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let Some(photo) = find(&args.key, &args.target).await? else {
        eprintln!(
            "nothing is known of {}; `scrubjay photos search` lists what is there",
            show::printable(&args.key)
        );
        return Ok(ExitCode::FAILURE);
    };
    show::report(&Report(photo), args.json)?;
    Ok(ExitCode::SUCCESS)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let photo = &self.0;
        let mut line = |name: &str, value: &str| {
            if value.is_empty() {
                Ok(())
            } else {
                writeln!(f, "{name:<14} {}", show::printable(value))
            }
        };
        let texts = &photo.texts;
        line("key", &photo.key)?;
        line("id", &photo.id.to_string())?;
        line("state", photo.state.as_str())?;
        line("date", &photo.date.to_string())?;
        line("uploader", photo.owner.as_deref().unwrap_or_default())?;
        line("file", photo.name.as_deref().unwrap_or_default())?;
        line("title", texts.title.as_deref().unwrap_or_default())?;
        line("alternative", texts.alt.as_deref().unwrap_or_default())?;
        line("tags", &texts.tags.join(", "))?;
        if let Some(published) = &photo.published {
            let (width, height) = (published.width, published.height);
            line(
                "bucket B",
                &format!(
                    "{width}x{height}, {} bytes, ETag {}",
                    published.bytes, published.etag
                ),
            )?;
            for copy in &published.derivatives {
                let size = format!("{}x{}, {} bytes", copy.width, copy.height, copy.bytes);
                line("derivative", &format!("{}: {size}", copy.key))?;
            }
            if let Some(reason) = &published.not_derived {
                line(
                    "no derivatives",
                    &format!("{}: {}", reason.name, reason.message),
                )?;
            }
            let colours = published.colours.iter();
            let colours: Vec<String> = colours
                .map(|c| format!("{} {:.0} %", c.hex, c.percent))
                .collect();
            line("colours", &colours.join(", "))?;
        }
        if let Some(analysis) = photo.current_analysis() {
            line("labels", &labels(&analysis.labels))?;
            line("moderation", &labels(&analysis.moderation))?;
            let writing = analysis.text.iter().map(|t| t.text.as_str());
            line("writing", &writing.collect::<Vec<_>>().join(" / "))?;
            line("models", &analysis.models.join(", "))?;
            line("not analysed", &analysis.not_analysed.join(", "))?;
            if photo.is_flagged() {
                line("flagged", "yes; `scrubjay photos release` lets it be shown")?;
            }
        }
        if let Some(released) = &photo.released {
            line("released", &format!("{} by {}", released.at, released.by))?;
        }
        write!(f, "{:<14} {}", "terms", photo.terms.len())
    }
}

fn labels(labels: &[Label]) -> String {
    let labels = labels.iter();
    let labels: Vec<String> = labels
        .map(|label| format!("{} {:.0} %", label.name, label.confidence))
        .collect();
    labels.join(", ")
}
