//! Computes statuses anew: after an evaluation, and after a change of a mapping.

use super::State;
use super::status::{Computed, Held, Justification, Ranges, Status, View, compute};
use crate::database::{Connection, DatabaseError, Transaction};
use crate::models::channel;
use crate::models::ids::{AdvisoryId, ChannelId, PackageId};
use crate::params;
use jiff::Timestamp;
use nix_formats::DrvName;
use std::collections::BTreeSet;
use vulnerability::CveId;

/// What a channel has of a package now.
fn held(
    connection: &mut Connection,
    package: PackageId,
    channel: ChannelId,
    cves: &BTreeSet<CveId>,
) -> Result<Vec<Held>, DatabaseError> {
    connection.query(
        "SELECT a.path, f.name, f.version, f.patches FROM build b
         JOIN fact f ON f.id = b.fact JOIN attribute a ON a.id = b.attribute
         WHERE b.package = $1 AND b.channel = $2 ORDER BY a.path",
        params![package, channel],
        |row| {
            let (name, version): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            let patches: String = row.get(3)?;
            let names = |patch: &&str| CveId::find_all(patch).any(|cve| cves.contains(&cve));
            let patch = patches.lines().find(names).map(str::to_owned);
            let version = version.unwrap_or_else(|| DrvName::parse(&name).version.to_owned());
            Ok(Held { attribute: row.get(0)?, version, patch })
        },
    )
}

/// The status that was computed last, and the one that counts.
struct Known {
    computed: Status,
    stated: Option<Status>,
}

/// Computes the status of an advisory in every channel. Gives how many changed.
///
/// # Errors
/// Those of the database.
pub fn advisory(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let cves: BTreeSet<CveId> = transaction
        .query("SELECT cve FROM advisory_cve WHERE advisory = $1", params![id], |row| row.get(0))
        .map(|cves: Vec<CveId>| cves.into_iter().collect())?;
    let packages: Vec<(PackageId, Ranges)> = transaction.query(
        "SELECT package, ranges FROM advisory_package WHERE advisory = $1",
        params![id],
        |row| {
            let ranges: String = row.get(1)?;
            let wrong = DatabaseError::Column { column: 1, expected: "ranges" };
            Ok::<_, DatabaseError>((row.get(0)?, serde_json::from_str(&ranges).map_err(|_| wrong)?))
        },
    )?;
    // What the advisory no longer concerns has no status.
    transaction.execute(
        "DELETE FROM advisory_status WHERE advisory = $1 AND package NOT IN
             (SELECT package FROM advisory_package WHERE advisory = $1)",
        params![id],
    )?;
    let channels = channel::all(transaction)?;
    let mut changed = 0;
    for (package, ranges) in &packages {
        for channel in &channels {
            let here = held(transaction, *package, channel.id, &cves)?;
            let behind =
                channel.behind.map(|branch| held(transaction, *package, branch, &cves)).transpose()?;
            let view =
                View { channel: &here, branch: behind.as_deref(), maintained: channel.state.is_supported() };
            changed +=
                u64::from(note(transaction, (id, *package, channel.id), &compute(ranges, &view), now)?);
        }
    }
    Ok(changed)
}

/// Computes the status of every advisory that is not withdrawn. Gives how many statuses changed.
///
/// # Errors
/// Those of the database.
pub fn all(transaction: &mut Transaction<'_>, now: Timestamp) -> Result<u64, DatabaseError> {
    let ids: Vec<AdvisoryId> = transaction.query(
        "SELECT id FROM advisory WHERE state <> $1 ORDER BY id",
        params![State::Withdrawn.name()],
        |row| row.get(0),
    )?;
    ids.into_iter().try_fold(0, |sum, id| Ok(sum + advisory(transaction, id, now)?))
}

type Place = (AdvisoryId, PackageId, ChannelId);

/// Writes a status where it is new. Whether what people see changed.
fn note(
    transaction: &mut Transaction<'_>,
    (advisory, package, channel): Place,
    computed: &Computed,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let wrong = |column| DatabaseError::Column { column, expected: "status" };
    let known = transaction.query_optional(
        "SELECT computed, stated FROM advisory_status
         WHERE advisory = $1 AND package = $2 AND channel = $3",
        params![advisory, package, channel],
        |row| {
            let (computed, stated): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let stated = stated.map(|name| Status::of_name(&name).ok_or_else(|| wrong(1))).transpose()?;
            Ok::<_, DatabaseError>(Known {
                computed: Status::of_name(&computed).ok_or_else(|| wrong(0))?,
                stated,
            })
        },
    )?;
    let stated = known.as_ref().and_then(|known| known.stated);
    // A person's word hides the computed justification too.
    let justification = computed.justification.filter(|_| stated.is_none()).map(Justification::name);
    transaction.execute(
        "INSERT INTO advisory_status (advisory, package, channel, computed, computed_why, justification)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (advisory, package, channel) DO UPDATE SET computed = excluded.computed,
             computed_why = excluded.computed_why,
             justification = CASE WHEN advisory_status.stated IS NULL
                 THEN excluded.justification ELSE advisory_status.justification END",
        params![advisory, package, channel, computed.status.name(), &computed.why, justification],
    )?;
    let before = known.map(|known| known.stated.unwrap_or(known.computed));
    let after = stated.unwrap_or(computed.status);
    if before == Some(after) {
        return Ok(false);
    }
    record(transaction, (advisory, package, channel), after, now)?;
    Ok(true)
}

/// Notes when a status came to be.
pub(super) fn record(
    transaction: &mut Transaction<'_>,
    (advisory, package, channel): Place,
    status: Status,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    transaction
        .execute(
            "INSERT INTO advisory_status_change (advisory, package, channel, at, status)
             VALUES ($1, $2, $3, $4, $5)",
            params![advisory, package, channel, now, status.name()],
        )
        .map(drop)
}
