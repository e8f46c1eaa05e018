//! What has to be trusted, said plainly.
//!
//! - [`Listing`]: the seed, every byte with what its listing says of it, beside a disassembly by
//!   others.
//! - [`WrittenPart`]: what people wrote and people can read: files, lines, and how long reading
//!   takes.
//! - [`SourceTexts`]: what others wrote, and how much of it is compiled.
//! - [`GeneratedFile`]: files of others' archives that programs made: reading those is not reading
//!   a source.
//! - [`DriverSources`]: the program that runs all of this, with everything that is compiled into
//!   it.
//! - [`Trusted`]: everything else, with what can be done about it.

mod driver;
mod generated;
mod listing;
mod text;
mod texts;
mod trusted;
mod written;

pub use driver::{DriverPart, DriverSources};
pub use generated::{GeneratedFile, find_generated};
pub use listing::{Listing, ListingLine};
pub use text::write_text;
pub use texts::SourceTexts;
pub use trusted::{AuditMachine, Trusted};
pub use written::{LINES_PER_HOUR, WrittenPart};

use crate::built::{self, BuiltError};
use crate::seed::SeedError;
use crate::steps::{InputOrigin, Plan, Tried};
use crate::store::Contents;
use files::FileError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Everything about a plan.
#[derive(Debug)]
pub struct Audit {
    /// The seed.
    pub seed: Listing,
    /// What people wrote for the chain.
    pub written: Vec<WrittenPart>,
    /// The files that say how its parts are put together.
    pub steps: WrittenPart,
    /// What programs made, in the sources of others.
    pub sources: Vec<SourceAudit>,
    /// The driver.
    pub driver: DriverSources,
    /// What is trusted beside.
    pub trusted: Vec<Trusted>,
}

/// One source of others.
#[derive(Debug)]
pub struct SourceAudit {
    /// Its name.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// Files in it, or nothing if the store does not have it.
    pub files: Option<usize>,
    /// The places that should have it: what they are called, and when that was last true.
    pub places: Vec<(String, Option<Tried>)>,
    /// How many have it who do not depend on each other, and how many of them have been tried.
    pub keepers: (usize, usize),
    /// Its texts, if the store has it.
    pub texts: Option<SourceTexts>,
    /// What programs made in it.
    pub hits: Vec<GeneratedFile>,
}

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The listing of the seed is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A source cannot be unpacked.
    #[error(transparent)]
    Built(#[from] BuiltError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Audit {
    /// Of a plan. Sources are looked at where the store in the folder `store` has them; `machine`
    /// is what runs this.
    pub fn new(plan: &Plan, store: &Contents, machine: &AuditMachine) -> Result<Self, AuditError> {
        let seed = Listing::read(&plan.folder.join("seed/seed.hex0"))?;
        let written = written::parts(plan)?;
        let used: BTreeSet<&str> = plan
            .steps
            .iter()
            .flat_map(|step| step.inputs.values())
            .filter_map(|origin| match origin {
                InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let mut sources = Vec::new();
        for source in used.iter().filter_map(|name| plan.sources.get(*name)) {
            let mut audit = SourceAudit {
                name: source.name.clone(),
                file: source.file.clone(),
                files: None,
                places: source
                    .places()
                    .iter()
                    .map(|place| (place.name.to_owned(), place.tried.cloned()))
                    .collect(),
                keepers: source.keepers(),
                texts: None,
                hits: Vec::new(),
            };
            if let Some(folder) = built::unpacked(store, source)? {
                let (files, hits) = find_generated(folder.path())?;
                audit.files = Some(files);
                audit.texts = Some(texts::count(plan, &source.name, folder.path())?);
                audit.hits = hits;
            }
            sources.push(audit);
        }
        let steps = written::steps(plan)?;
        let driver = driver::count(machine.checkout.as_deref())?;
        let trusted = trusted::all(plan, &seed, &sources, machine);
        Ok(Self { seed, written, steps, sources, driver, trusted })
    }

    /// Files, lines and bytes that people have to read before they need not trust the chain's
    /// authors, or those of its sources: the chain, its steps, and what is compiled of sources.
    /// Sources that the store does not have are missing.
    pub fn to_read(&self) -> WrittenPart {
        let compiled =
            self.sources.iter().filter_map(|source| source.texts.as_ref()).map(SourceTexts::to_read);
        let mut all = WrittenPart { name: "all".into(), files: 0, lines: 0, bytes: 0 };
        for part in self.written.iter().chain([&self.steps]).chain(compiled) {
            all.files += part.files;
            all.lines += part.lines;
            all.bytes += part.bytes;
        }
        all
    }

    /// The audit for programs.
    pub fn json(&self) -> Value {
        let lines = self.seed.lines.iter().map(|line| {
            json!({
                "line": line.number,
                "offset": line.offset,
                "bytes": line.hex(),
                "meaning": line.meaning,
                "comment": line.comment,
                "disassembly": line.disassembly,
            })
        });
        let part_json = |part: &WrittenPart| {
            json!({
                "part": part.name,
                "files": part.files,
                "lines": part.lines,
                "bytes": part.bytes,
                "minutes": part.minutes(),
            })
        };
        let written = self.written.iter().map(part_json);
        let sources = self.sources.iter().map(|source| {
            let hits = source.hits.iter().map(|hit| {
                json!({ "path": hit.path, "rule": hit.rule, "line": hit.line, "text": hit.text, "bytes": hit.bytes })
            });
            json!({
                "name": source.name,
                "file": source.file,
                "files": source.files,
                "places": source.places.iter().map(|(place, tried)| json!({ "place": place, "tried": tried })).collect::<Vec<_>>(),
                "keepers": source.keepers.0,
                "keepersTried": source.keepers.1,
                "singlePointOfLoss": source.keepers.0 < 2,
                "texts": source.texts.as_ref().map(|texts| json!({
                    "all": part_json(&texts.all),
                    "programs": part_json(&texts.programs),
                    "compiled": part_json(&texts.named),
                })),
                "generated": hits.collect::<Vec<_>>(),
            })
        });
        let trusted = self
            .trusted
            .iter()
            .map(|trusted| json!({ "what": trusted.what, "why": trusted.why, "instead": trusted.instead }));
        json!({
            "seed": {
                "bytes": self.seed.bytes,
                "sha256": self.seed.sha256.to_string(),
                "disassembler": self.seed.disassembler,
                "disagreements": self.seed.disagreements,
                "lines": lines.collect::<Vec<_>>(),
            },
            "written": {
                "linesPerHour": LINES_PER_HOUR,
                "parts": written.collect::<Vec<_>>(),
                "steps": part_json(&self.steps),
                "toRead": part_json(&self.to_read()),
            },
            "driver": {
                "parts": self.driver.parts.iter().map(|part| json!({
                    "part": part.text.name,
                    "crates": part.crates,
                    "files": part.text.files,
                    "lines": part.text.lines,
                    "bytes": part.text.bytes,
                })).collect::<Vec<_>>(),
                "missing": self.driver.missing,
                "problem": self.driver.problem,
            },
            "sources": sources.collect::<Vec<_>>(),
            "trusted": trusted.collect::<Vec<_>>(),
        })
    }
}
