//! What is shown of a package: from the attribute that stands for it best.

use crate::database::{DatabaseError, Transaction, Value};
use crate::models::ids::{ChannelId, PackageId};
use crate::package_set::Meta;
use crate::params;
use std::collections::HashMap;

/// Packages that are looked at at once.
const BATCH: usize = 256;

/// Brings description and homepage of packages up to date with a channel, the rolling head.
///
/// # Errors
/// Those of the database.
pub fn describe(
    transaction: &mut Transaction<'_>,
    channel: ChannelId,
    packages: &[PackageId],
) -> Result<(), DatabaseError> {
    for packages in packages.chunks(BATCH) {
        let ids: Vec<Value<'_>> = packages.iter().map(|package| (*package).into()).collect();
        let attributes = transaction.query_many(
            "SELECT b.package, a.path, f.meta FROM build b JOIN attribute a ON a.id = b.attribute
                 JOIN fact f ON f.id = b.fact
             WHERE b.channel = $1 AND b.package IN ({rows})",
            params![channel],
            1,
            &ids,
            |row| Ok::<_, DatabaseError>((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?)),
        )?;
        let mut best: HashMap<i64, (String, i64)> = HashMap::new();
        for (package, path, meta) in attributes {
            let better = best.get(&package).is_none_or(|(other, _)| rank(&path) < rank(other));
            if better {
                best.insert(package, (path, meta));
            }
        }
        let metas: Vec<Value<'_>> = best.values().map(|(_, meta)| (*meta).into()).collect();
        let metas: HashMap<i64, Meta> = transaction
            .query_many("SELECT id, body FROM meta WHERE id IN ({rows})", &[], 1, &metas, |row| {
                Ok::<_, DatabaseError>((row.get(0)?, read(&row.get::<Vec<u8>>(1)?)))
            })?
            .into_iter()
            .collect();
        for (package, (_, meta)) in best {
            let Some(meta) = metas.get(&meta) else { continue };
            transaction.execute(
                "UPDATE package SET description = $2, homepage = $3 WHERE id = $1
                 AND (description IS DISTINCT FROM $2 OR homepage IS DISTINCT FROM $3)",
                params![package, meta.description.as_ref(), meta.homepages.first()],
            )?;
        }
    }
    Ok(())
}

/// The best attribute has the fewest parts, then the shortest path.
fn rank(path: &str) -> (usize, usize, &str) {
    (path.matches('.').count(), path.len(), path)
}

/// `meta` of its kept form.
pub(crate) fn read(body: &[u8]) -> Meta {
    const MAXIMUM: usize = 16 << 20;
    // It is the program's own: what is damaged shows as nothing known.
    let json = zstd::bulk::decompress(body, MAXIMUM).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}
