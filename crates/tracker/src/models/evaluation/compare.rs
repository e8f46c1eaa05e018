//! What an evaluation changes, found out without writing anything.

use super::{EvaluationError, Request, Source, paths};
use crate::database::{Connection, DatabaseError, Value};
use crate::models::ids::EvaluationId;
use crate::models::package::identity;
use crate::package_set::{Attribute, Content, Derivation, Kind, Maintainers};
use crate::params;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Attributes that are compared at once.
const BATCH: usize = 256;
/// Wrong entries that are named.
const EXAMPLES: usize = 20;

/// The first half of a SHA-256.
pub(super) type Hash = [u8; 16];

/// What an evaluation changes.
pub(super) struct Comparison {
    /// The channel's newest evaluation when it was compared.
    pub(super) base: Option<EvaluationId>,
    /// For each system.
    pub(super) parts: Vec<Part>,
}

/// What an evaluation changes for one system.
#[derive(Default)]
pub(super) struct Part {
    /// Which of its entries, by their place, are to be written.
    changed: HashSet<u64>,
    /// The attributes of those present before that it names too.
    pub(super) seen: HashSet<i64>,
    /// Errors that were there before.
    pub(super) errors_before: HashMap<String, PresentError>,
    /// How many were there before.
    pub(super) present: u64,
    pub(super) attributes: u64,
    pub(super) errors: u64,
    pub(super) wrong: u64,
    pub(super) examples: Vec<String>,
}

/// An attribute that could not be evaluated.
pub(super) struct PresentError {
    pub(super) attribute: i64,
    pub(super) first: i64,
    text: String,
    /// Whether the new evaluation names the attribute.
    pub(super) seen: bool,
}

/// What is known of an attribute that is present.
struct Known {
    fact: Vec<u8>,
    patches: String,
    derivation: Option<String>,
    outputs: Option<String>,
    maintainers: Option<Vec<u8>>,
}

impl Comparison {
    pub(super) fn make(connection: &mut Connection, request: &Request<'_>) -> Result<Self, EvaluationError> {
        let base = newest(connection, request)?;
        let parts = request.parts.iter().map(|(system, source)| part(connection, request, system, *source));
        Ok(Self { base, parts: parts.collect::<Result<_, _>>()? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.attributes + part.errors == 0)
    }
}

/// The channel's newest evaluation.
pub(super) fn newest(
    connection: &mut Connection,
    request: &Request<'_>,
) -> Result<Option<EvaluationId>, DatabaseError> {
    connection
        .query_one("SELECT evaluation FROM channel WHERE id = $1", params![request.channel], |row| row.get(0))
}

fn part(
    connection: &mut Connection,
    request: &Request<'_>,
    system: &str,
    source: &dyn Source,
) -> Result<Part, EvaluationError> {
    let id: Option<i64> =
        connection.query_optional("SELECT id FROM system WHERE name = $1", params![system], |row| {
            row.get::<i64>(0)
        })?;
    let mut part = Part::default();
    if let Some(id) = id {
        part.errors_before = errors(connection, request, id)?;
        part.present = connection.query_one(
            "SELECT count(*) FROM build WHERE channel = $1 AND system = $2",
            params![request.channel, id],
            |row| Ok::<_, DatabaseError>(row.get::<i64>(0)?.unsigned_abs()),
        )?;
    }
    // Of entries with one path the first counts, whatever the order of evaluations.
    let mut paths = HashSet::new();
    let mut batch = Vec::with_capacity(BATCH);
    for (place, entry) in (0_u64..).zip(source.attributes()) {
        match entry? {
            Ok(attribute) if paths.insert(short_hash(&attribute.path)) => batch.push((place, attribute)),
            Ok(attribute) => part.is_wrong(format!("{}: stands there twice", attribute.path)),
            Err(problem) => part.is_wrong(problem),
        }
        if batch.len() == BATCH {
            compare(connection, request, id, &batch, &mut part)?;
            batch.clear();
        }
    }
    compare(connection, request, id, &batch, &mut part)?;
    Ok(part)
}

impl Part {
    fn is_wrong(&mut self, problem: String) {
        self.wrong += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(problem);
        }
    }

    /// The entries that are to be written.
    pub(super) fn changed<'p>(
        &'p self,
        source: &'p dyn Source,
    ) -> impl Iterator<Item = Result<Attribute, EvaluationError>> + 'p {
        (0_u64..).zip(source.attributes()).filter_map(|(place, entry)| match entry {
            Ok(Ok(attribute)) => self.changed.contains(&place).then_some(Ok(attribute)),
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error.into())),
        })
    }
}

fn errors(
    connection: &mut Connection,
    request: &Request<'_>,
    system: i64,
) -> Result<HashMap<String, PresentError>, DatabaseError> {
    let rows = connection.query(
        "SELECT a.path, a.id, e.first, e.error FROM evaluation_error e JOIN attribute a ON a.id = e.attribute
         WHERE e.channel = $1 AND e.system = $2 AND e.last IS NULL",
        params![request.channel, system],
        |row| {
            let error =
                PresentError { attribute: row.get(1)?, first: row.get(2)?, text: row.get(3)?, seen: false };
            Ok::<_, DatabaseError>((row.get(0)?, error))
        },
    )?;
    Ok(rows.into_iter().collect())
}

fn compare(
    connection: &mut Connection,
    request: &Request<'_>,
    system: Option<i64>,
    batch: &[(u64, Attribute)],
    part: &mut Part,
) -> Result<(), DatabaseError> {
    let known = match system {
        Some(system) => known(connection, request, system, batch)?,
        None => HashMap::new(),
    };
    for (place, attribute) in batch {
        let before = known.get(attribute.path.as_str());
        part.seen.extend(before.map(|(id, _)| *id));
        let error = part.errors_before.get_mut(&attribute.path);
        let same_error = error.map(|error| {
            error.seen = true;
            matches!(&attribute.content, Content::Error(text) if *text == error.text)
        });
        let same = match &attribute.content {
            Content::Derivation(derivation) => {
                part.attributes += 1;
                let same = before.is_some_and(|(_, known)| known.is(request, &attribute.path, derivation));
                same && same_error.is_none()
            }
            Content::Error(_) => {
                part.errors += 1;
                before.is_none() && same_error == Some(true)
            }
        };
        if !same {
            part.changed.insert(*place);
        }
    }
    Ok(())
}

fn known(
    connection: &mut Connection,
    request: &Request<'_>,
    system: i64,
    batch: &[(u64, Attribute)],
) -> Result<HashMap<String, (i64, Known)>, DatabaseError> {
    let paths: Vec<Value<'_>> = batch.iter().map(|(_, attribute)| attribute.path.as_str().into()).collect();
    let rows = connection.query_many(
        "SELECT a.path, a.id, f.hash, f.patches, b.derivation, b.outputs, m.hash
         FROM attribute a JOIN build b ON b.attribute = a.id AND b.channel = $1 AND b.system = $2
             JOIN fact f ON f.id = b.fact LEFT JOIN maintainer_list m ON m.id = b.maintainers
         WHERE a.path IN ({rows})",
        params![request.channel, system],
        1,
        &paths,
        |row| {
            let known = Known {
                fact: row.get(2)?,
                patches: row.get(3)?,
                derivation: row.get(4)?,
                outputs: row.get(5)?,
                maintainers: row.get(6)?,
            };
            Ok::<_, DatabaseError>((row.get(0)?, (row.get(1)?, known)))
        },
    )?;
    Ok(rows.into_iter().collect())
}

impl Known {
    /// Whether an entry says nothing new.
    fn is(&self, request: &Request<'_>, path: &str, derivation: &Derivation) -> bool {
        let key = identity::key(path, &derivation.pname, &derivation.version);
        let patches = derivation.patches.as_ref().map_or_else(|| self.patches.clone(), |p| joined(p));
        let (meta, _) = meta(derivation);
        if fact_hash(&key, derivation, &patches, &meta)[..] != self.fact[..] {
            return false;
        }
        let same_maintainers = !request.with_maintainers
            || self.maintainers.as_deref()
                == maintainers(&derivation.maintainers).as_ref().map(|(hash, _)| &hash[..]);
        // A packages.json tells nothing of builds.
        let same_build = request.kind == Kind::PackagesJson
            || self.derivation == kept_derivation(derivation) && self.outputs == kept_outputs(derivation);
        same_maintainers && same_build
    }
}

pub(super) fn kept_derivation(derivation: &Derivation) -> Option<String> {
    derivation.derivation.as_deref().map(|path| paths::derivation(path, &derivation.name))
}

pub(super) fn kept_outputs(derivation: &Derivation) -> Option<String> {
    (!derivation.outputs.is_empty()).then(|| paths::outputs(&derivation.outputs, &derivation.name))
}

/// Patches as they are kept.
pub(super) fn joined(patches: &[String]) -> String {
    patches.join("\n")
}

/// The hash of `meta`, and its JSON.
pub(super) fn meta(derivation: &Derivation) -> (Hash, String) {
    // A struct of texts, lists and flags.
    let body = serde_json::to_string(&derivation.meta).unwrap_or_default();
    (hash(&[body.as_bytes()]), body)
}

/// The hash of a list of maintainers, and its JSON; none of an empty one.
pub(super) fn maintainers(list: &Maintainers) -> Option<(Hash, String)> {
    if list.is_empty() {
        return None;
    }
    let body = serde_json::to_string(list).unwrap_or_default();
    Some((hash(&[body.as_bytes()]), body))
}

pub(super) fn fact_hash(key: &str, derivation: &Derivation, patches: &str, meta: &Hash) -> Hash {
    let Derivation { name, pname, version, .. } = derivation;
    hash(&[key.as_bytes(), name.as_bytes(), pname.as_bytes(), version.as_bytes(), patches.as_bytes(), meta])
}

/// Over parts, each after its length.
fn hash(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut half = Hash::default();
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}

fn short_hash(path: &str) -> Hash {
    hash(&[path.as_bytes()])
}
