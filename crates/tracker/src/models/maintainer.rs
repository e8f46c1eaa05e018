//! People and teams that maintain packages, as the rolling head names them.
//!
//! They are recognised by GitHub's number, because names change and are given to others. Who has
//! none is kept for display, by e-mail address or name.

use super::ids::{ChannelId, MaintainerId, PackageId, TeamId};
use crate::database::{DatabaseError, Transaction, Value};
use crate::package_set::{Maintainers, Person, Team};
use crate::params;
use std::collections::{BTreeSet, HashMap};

/// Packages that are looked at at once.
const BATCH: usize = 256;

/// Brings the maintainers of packages up to date with a channel.
///
/// # Errors
/// Those of the database.
pub fn refresh(
    transaction: &mut Transaction<'_>,
    channel: ChannelId,
    packages: &[PackageId],
) -> Result<(), DatabaseError> {
    let mut known = Known::default();
    for packages in packages.chunks(BATCH) {
        let ids: Vec<Value<'_>> = packages.iter().map(|package| (*package).into()).collect();
        let rows = transaction.query_many(
            "SELECT DISTINCT package, maintainers FROM build
             WHERE channel = $1 AND maintainers IS NOT NULL AND package IN ({rows})",
            params![channel],
            1,
            &ids,
            |row| Ok::<_, DatabaseError>((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )?;
        let lists: BTreeSet<i64> = rows.iter().map(|(_, list)| *list).collect();
        known.read(transaction, lists)?;
        let (mut people, mut teams) = (BTreeSet::new(), BTreeSet::new());
        for (package, list) in rows {
            if let Some((listed, of_teams)) = known.lists.get(&list) {
                people.extend(listed.iter().map(|person| (package, *person)));
                teams.extend(of_teams.iter().map(|team| (package, *team)));
            }
        }
        replace(transaction, "package_maintainer", ("package", "maintainer"), &ids, people)?;
        replace(transaction, "package_team", ("package", "team"), &ids, teams)?;
    }
    Ok(())
}

/// Makes the pairs of a table those of `wanted`, for some values of the first column.
fn replace(
    transaction: &mut Transaction<'_>,
    table: &str,
    (one, other): (&str, &str),
    of: &[Value<'_>],
    mut wanted: BTreeSet<(i64, i64)>,
) -> Result<(), DatabaseError> {
    let select = format!("SELECT {one}, {other} FROM {table} WHERE {one} IN ({{rows}})");
    let there = transaction.query_many(&select, &[], 1, of, |row| {
        Ok::<_, DatabaseError>((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    let delete = format!("DELETE FROM {table} WHERE {one} = $1 AND {other} = $2");
    for pair in there {
        if !wanted.remove(&pair) {
            transaction.execute(&delete, params![pair.0, pair.1])?;
        }
    }
    let rows: Vec<Value<'_>> = wanted.into_iter().flat_map(|(a, b)| [a.into(), b.into()]).collect();
    transaction.execute_many(&format!("INSERT INTO {table} ({one}, {other}) VALUES {{rows}}"), &[], 2, &rows)
}

/// What was looked up already: the same people maintain many packages.
#[derive(Default)]
struct Known {
    people: HashMap<String, i64>,
    teams: HashMap<String, i64>,
    /// The people and teams of each list.
    lists: HashMap<i64, (Vec<i64>, Vec<i64>)>,
}

impl Known {
    fn read(&mut self, transaction: &mut Transaction<'_>, lists: BTreeSet<i64>) -> Result<(), DatabaseError> {
        let new: Vec<Value<'_>> =
            lists.into_iter().filter(|list| !self.lists.contains_key(list)).map(Value::from).collect();
        let sql = "SELECT id, body FROM maintainer_list WHERE id IN ({rows})";
        let bodies = transaction.query_many(sql, &[], 1, &new, |row| {
            Ok::<_, DatabaseError>((row.get::<i64>(0)?, row.get::<String>(1)?))
        })?;
        for (id, body) in bodies {
            // The program's own JSON.
            let list: Maintainers = serde_json::from_str(&body).unwrap_or_default();
            let people = self.people(transaction, &list.people)?;
            let teams = list.teams.iter().map(|team| self.team(transaction, team));
            let teams = teams.collect::<Result<_, _>>()?;
            self.lists.insert(id, (people, teams));
        }
        Ok(())
    }

    fn people(
        &mut self,
        transaction: &mut Transaction<'_>,
        people: &[Person],
    ) -> Result<Vec<i64>, DatabaseError> {
        people.iter().map(|person| self.person(transaction, person)).collect()
    }

    fn person(&mut self, transaction: &mut Transaction<'_>, person: &Person) -> Result<i64, DatabaseError> {
        let identity = identity(person);
        if let Some(id) = self.people.get(&identity) {
            return Ok(*id);
        }
        let Person { github_id, github, name, email } = person;
        let id: MaintainerId = transaction.query_one(
            "INSERT INTO maintainer (identity, github_id, github, name, email) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (identity) DO UPDATE SET github = excluded.github, name = excluded.name,
                 email = excluded.email
             RETURNING id",
            params![&identity, *github_id, github.as_ref(), name.as_ref(), email.as_ref()],
            |row| row.get::<MaintainerId>(0),
        )?;
        self.people.insert(identity, id.0);
        Ok(id.0)
    }

    /// A team, with its members as of now.
    fn team(&mut self, transaction: &mut Transaction<'_>, team: &Team) -> Result<i64, DatabaseError> {
        if let Some(id) = self.teams.get(&team.short_name) {
            return Ok(*id);
        }
        let id: TeamId = transaction.query_one(
            "INSERT INTO team (short_name, github, github_id) VALUES ($1, $2, $3)
             ON CONFLICT (short_name) DO UPDATE SET github = excluded.github, github_id = excluded.github_id
             RETURNING id",
            params![&team.short_name, team.github.as_ref(), team.github_id],
            |row| row.get::<TeamId>(0),
        )?;
        let members = self.people(transaction, &team.members)?.into_iter().map(|person| (id.0, person));
        replace(transaction, "team_member", ("team", "maintainer"), &[id.into()], members.collect())?;
        self.teams.insert(team.short_name.clone(), id.0);
        Ok(id.0)
    }
}

/// What a person is recognised by.
fn identity(person: &Person) -> String {
    match (person.github_id, &person.github, &person.email, &person.name) {
        (Some(id), ..) => format!("github:{id}"),
        // A name at GitHub without its number may be given to another: it proves nothing.
        (_, _, Some(email), _) => format!("mail:{}", email.to_lowercase()),
        (_, Some(login), ..) => format!("login:{}", login.to_lowercase()),
        (_, _, _, name) => format!("name:{}", name.as_deref().unwrap_or_default()),
    }
}
