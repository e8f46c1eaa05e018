//! Writing what an evaluation changed.

use super::compare::{self, Comparison, Hash, Part, joined, kept_derivation, kept_outputs};
use super::{EvaluationError, FEW, Request, Taken};
use crate::database::lock::Lock;
use crate::database::{DatabaseError, Transaction, Value};
use crate::models::ids::PackageId;
use crate::models::package::{self, identity};
use crate::models::{interned, maintainer};
use crate::package_set::{Attribute, Content, Derivation};
use crate::params;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Attributes that are written at once.
const BATCH: usize = 256;
/// How well `meta` is compressed: there is little of it and it is read often.
const ZSTD: i32 = 9;

/// Where an evaluation is written.
struct Place<'r> {
    request: &'r Request<'r>,
    number: i64,
    system: i64,
}

pub(super) fn write(
    transaction: &mut Transaction<'_>,
    request: &Request<'_>,
    comparison: &Comparison,
) -> Result<Taken, EvaluationError> {
    transaction.lock(Lock::Packages)?;
    if compare::newest(transaction, request)? != comparison.base {
        return Err(EvaluationError::Moved);
    }
    let (evaluation, number) = begin(transaction, request)?;
    let mut taken = Taken { number, ..Taken::default() };
    let mut packages = BTreeSet::new();
    for ((system, source), part) in request.parts.iter().zip(&comparison.parts) {
        let system_id = system_id(transaction, system)?;
        let place = Place { request, number, system: system_id };
        if request.complete && part.wrong == 0 {
            let gone = gone(transaction, &place, part)?;
            let most = request.may_go * part.present.max(FEW) as f64;
            if gone.len() as f64 > most {
                let (gone, present) = (gone.len() as u64, part.present);
                return Err(EvaluationError::Shrunk { system: (*system).to_owned(), gone, present });
            }
            for (attribute, first, package) in gone {
                close(transaction, &place, attribute, first)?;
                packages.insert(package);
                taken.removed += 1;
            }
            if request.kind == crate::package_set::Kind::Full {
                for error in part.errors_before.values().filter(|error| !error.seen) {
                    end(transaction, &place, "evaluation_error", error.attribute, error.first)?;
                }
            }
        }
        let mut batch = Vec::with_capacity(BATCH);
        for attribute in part.changed(*source) {
            batch.push(attribute?);
            if batch.len() == BATCH {
                put(transaction, &place, part, &batch, &mut taken, &mut packages)?;
                batch.clear();
            }
        }
        put(transaction, &place, part, &batch, &mut taken, &mut packages)?;
        taken.attributes += part.attributes;
        taken.errors += part.errors;
        taken.wrong += part.wrong;
        taken.examples.extend(part.examples.iter().cloned());
    }
    finish(transaction, request, evaluation, &taken)?;
    if request.with_maintainers {
        let packages: Vec<PackageId> = packages.into_iter().map(PackageId).collect();
        maintainer::refresh(transaction, request.channel, &packages)?;
        package::describe(transaction, request.channel, &packages)?;
    }
    Ok(taken)
}

fn begin(transaction: &mut Transaction<'_>, request: &Request<'_>) -> Result<(i64, i64), DatabaseError> {
    transaction.query_one(
        "INSERT INTO evaluation (channel, number, revision, kind, head_at, started_at)
         SELECT $1, 1 + COALESCE((SELECT max(number) FROM evaluation WHERE channel = $1), 0), $2, $3, $4, $5
         RETURNING id, number",
        params![request.channel, request.revision, request.kind.name(), request.head_at, request.started_at],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn finish(
    transaction: &mut Transaction<'_>,
    request: &Request<'_>,
    evaluation: i64,
    taken: &Taken,
) -> Result<(), DatabaseError> {
    let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
    transaction.execute(
        "UPDATE evaluation SET finished_at = $2, attributes = $3, errors = $4 WHERE id = $1",
        params![evaluation, request.now, count(taken.attributes), count(taken.errors)],
    )?;
    transaction
        .execute("UPDATE channel SET evaluation = $2 WHERE id = $1", params![request.channel, evaluation])
        .map(drop)
}

fn system_id(transaction: &mut Transaction<'_>, name: &str) -> Result<i64, DatabaseError> {
    transaction.query_one(
        "INSERT INTO system (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        params![name],
        |row| row.get(0),
    )
}

/// Attributes that are present and that the evaluation does not name: each with the evaluation from
/// which it held, and its package.
fn gone(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    part: &Part,
) -> Result<Vec<(i64, i64, i64)>, DatabaseError> {
    let mut gone = Vec::new();
    transaction.for_each(
        "SELECT attribute, first, package FROM build WHERE channel = $1 AND system = $2",
        params![place.request.channel, place.system],
        |row| {
            let attribute = row.get(0)?;
            if !part.seen.contains(&attribute) {
                gone.push((attribute, row.get(1)?, row.get(2)?));
            }
            Ok::<_, DatabaseError>(())
        },
    )?;
    Ok(gone)
}

/// Ends what an attribute was, as of this evaluation: a `holding`, or an `evaluation_error`.
fn end(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    table: &str,
    attribute: i64,
    first: i64,
) -> Result<(), DatabaseError> {
    transaction
        .execute(
            &format!(
                "UPDATE {table} SET last = $5
                 WHERE channel = $1 AND attribute = $2 AND system = $3 AND first = $4"
            ),
            params![place.request.channel, attribute, place.system, first, place.number - 1],
        )
        .map(drop)
}

/// As [`end`], where nothing follows.
fn close(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    attribute: i64,
    first: i64,
) -> Result<(), DatabaseError> {
    end(transaction, place, "holding", attribute, first)?;
    transaction
        .execute(
            "DELETE FROM build WHERE channel = $1 AND attribute = $2 AND system = $3",
            params![place.request.channel, attribute, place.system],
        )
        .map(drop)
}

/// What is present of an attribute.
struct Present {
    first: i64,
    fact: i64,
    package: i64,
    name: String,
    patches: String,
}

/// Writes some attributes.
fn put(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    part: &Part,
    batch: &[Attribute],
    taken: &mut Taken,
    packages: &mut BTreeSet<i64>,
) -> Result<(), DatabaseError> {
    let paths: Vec<&str> = batch.iter().map(|attribute| attribute.path.as_str()).collect();
    let attributes = interned::texts(transaction, "attribute", "path", &paths)?;
    let ids: Vec<i64> = attributes.values().copied().collect();
    let present = present(transaction, place, &ids)?;
    let mut derivations = Vec::new();
    for attribute in batch {
        let Some(&id) = attributes.get(attribute.path.as_str()) else { continue };
        if let Some(error) = part.errors_before.get(&attribute.path) {
            end(transaction, place, "evaluation_error", id, error.first)?;
        }
        match &attribute.content {
            Content::Derivation(derivation) => derivations.push((id, attribute.path.as_str(), &**derivation)),
            Content::Error(error) => {
                if let Some(before) = present.get(&id) {
                    close(transaction, place, id, before.first)?;
                    packages.insert(before.package);
                    taken.removed += 1;
                }
                transaction.execute(
                    "INSERT INTO evaluation_error (channel, attribute, system, first, error)
                     VALUES ($1, $2, $3, $4, $5)",
                    params![place.request.channel, id, place.system, place.number, error],
                )?;
            }
        }
    }
    put_derivations(transaction, place, &derivations, &present, taken, packages)
}

fn present(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    attributes: &[i64],
) -> Result<HashMap<i64, Present>, DatabaseError> {
    let ids: Vec<Value<'_>> = attributes.iter().map(|id| (*id).into()).collect();
    let rows = transaction.query_many(
        "SELECT b.attribute, b.first, b.fact, b.package, f.name, f.patches
         FROM build b JOIN fact f ON f.id = b.fact
         WHERE b.channel = $1 AND b.system = $2 AND b.attribute IN ({rows})",
        params![place.request.channel, place.system],
        1,
        &ids,
        |row| {
            let present = Present {
                first: row.get(1)?,
                fact: row.get(2)?,
                package: row.get(3)?,
                name: row.get(4)?,
                patches: row.get(5)?,
            };
            Ok::<_, DatabaseError>((row.get(0)?, present))
        },
    )?;
    Ok(rows.into_iter().collect())
}

fn put_derivations(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    derivations: &[(i64, &str, &Derivation)],
    present: &HashMap<i64, Present>,
    taken: &mut Taken,
    packages: &mut BTreeSet<i64>,
) -> Result<(), DatabaseError> {
    let facts = facts(transaction, place, derivations, present)?;
    let lists = lists(transaction, place, derivations)?;
    let (mut builds, mut holdings) = (Vec::new(), Vec::new());
    for (((attribute, _, derivation), (fact, package)), list) in derivations.iter().zip(&facts).zip(&lists) {
        let before = present.get(attribute);
        let first = match before {
            Some(before) if before.fact == *fact => {
                taken.rebuilt += 1;
                before.first
            }
            Some(before) => {
                taken.changed += 1;
                end(transaction, place, "holding", *attribute, before.first)?;
                packages.insert(before.package);
                place.number
            }
            None => {
                taken.added += 1;
                place.number
            }
        };
        packages.insert(*package);
        if first == place.number {
            let row: [Value<'_>; 5] = [
                place.request.channel.into(),
                (*attribute).into(),
                place.system.into(),
                first.into(),
                (*fact).into(),
            ];
            holdings.extend(row);
        }
        let row: [Value<'_>; 9] = [
            place.request.channel.into(),
            (*attribute).into(),
            place.system.into(),
            first.into(),
            (*fact).into(),
            (*package).into(),
            (*list).into(),
            kept_derivation(derivation).into(),
            kept_outputs(derivation).into(),
        ];
        builds.extend(row);
    }
    transaction.execute_many(
        "INSERT INTO holding (channel, attribute, system, first, fact) VALUES {rows}",
        &[],
        5,
        &holdings,
    )?;
    transaction.execute_many(
        "INSERT INTO build
             (channel, attribute, system, first, fact, package, maintainers, derivation, outputs)
         VALUES {rows}
         ON CONFLICT (channel, attribute, system) DO UPDATE SET first = excluded.first,
             fact = excluded.fact, package = excluded.package, maintainers = excluded.maintainers,
             derivation = excluded.derivation, outputs = excluded.outputs",
        &[],
        9,
        &builds,
    )
}

/// The fact and the package of each derivation.
fn facts(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    derivations: &[(i64, &str, &Derivation)],
    present: &HashMap<i64, Present>,
) -> Result<Vec<(i64, i64)>, DatabaseError> {
    let keys: Vec<String> = derivations
        .iter()
        .map(|(_, path, derivation)| identity::key(path, &derivation.pname, &derivation.version))
        .collect();
    let metas: Vec<(Hash, String)> =
        derivations.iter().map(|(_, _, derivation)| compare::meta(derivation)).collect();
    let key_ids = package::keys(transaction, &keys, place.request.now)?;
    let bodies = metas.iter().map(|(hash, body)| (*hash, body.as_str()));
    let meta_ids = interned::by_hash(transaction, "meta", bodies.collect(), |body| {
        // Memory is all that it could lack.
        zstd::bulk::compress(body.as_bytes(), ZSTD).unwrap_or_default().into()
    })?;
    let mut hashes = Vec::with_capacity(derivations.len());
    let mut rows: HashMap<Hash, Vec<Value<'_>>> = HashMap::new();
    for (((attribute, _, derivation), key), (meta, _)) in derivations.iter().zip(&keys).zip(&metas) {
        // A packages.json does not tell patches: they stay as they were for the same name.
        let patches = match (&derivation.patches, present.get(attribute)) {
            (Some(patches), _) => joined(patches),
            (None, Some(before)) if before.name == derivation.name => before.patches.clone(),
            (None, _) => String::new(),
        };
        let hash = compare::fact_hash(key, derivation, &patches, meta);
        hashes.push(hash);
        let (Some((key, _)), Some(meta)) = (key_ids.get(key), meta_ids.get(meta)) else { continue };
        let parsed = nix_formats::DrvName::parse(&derivation.name);
        let stated = |stated: &str, parsed: &str| (stated != parsed).then(|| stated.to_owned());
        let row = vec![
            hash.to_vec().into(),
            (*key).into(),
            (*meta).into(),
            derivation.name.clone().into(),
            stated(&derivation.pname, parsed.name).into(),
            stated(&derivation.version, parsed.version).into(),
            patches.into(),
        ];
        rows.insert(hash, row);
    }
    let fact_ids = insert_facts(transaction, &hashes, rows)?;
    let both = hashes.iter().zip(&keys).map(|(hash, key)| Some((*fact_ids.get(hash)?, key_ids.get(key)?.1)));
    both.map(|found| found.ok_or(DatabaseError::NoRow)).collect()
}

fn insert_facts(
    transaction: &mut Transaction<'_>,
    hashes: &[Hash],
    mut rows: HashMap<Hash, Vec<Value<'_>>>,
) -> Result<HashMap<Hash, i64>, DatabaseError> {
    let mut found = interned::find_hashes(transaction, "fact", hashes)?;
    let missing: HashSet<Hash> = hashes.iter().filter(|hash| !found.contains_key(*hash)).copied().collect();
    let values: Vec<Value<'_>> = missing.iter().filter_map(|hash| rows.remove(hash)).flatten().collect();
    let added = transaction.query_many(
        "INSERT INTO fact (hash, key, meta, name, pname, version, patches) VALUES {rows} RETURNING hash, id",
        &[],
        7,
        &values,
        interned::hash_and_id,
    )?;
    found.extend(added);
    Ok(found)
}

/// The list of maintainers of each derivation, where they are of interest.
fn lists(
    transaction: &mut Transaction<'_>,
    place: &Place<'_>,
    derivations: &[(i64, &str, &Derivation)],
) -> Result<Vec<Option<i64>>, DatabaseError> {
    if !place.request.with_maintainers {
        return Ok(vec![None; derivations.len()]);
    }
    let lists: Vec<Option<(Hash, String)>> =
        derivations.iter().map(|(_, _, derivation)| compare::maintainers(&derivation.maintainers)).collect();
    let bodies = lists.iter().flatten().map(|(hash, body)| (*hash, body.as_str()));
    let ids =
        interned::by_hash(transaction, "maintainer_list", bodies.collect(), |body| body.to_owned().into())?;
    Ok(lists.iter().map(|list| list.as_ref().and_then(|(hash, _)| ids.get(hash).copied())).collect())
}
