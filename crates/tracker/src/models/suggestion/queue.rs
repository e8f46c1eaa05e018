//! The queue: which suggestions a person wants to see, and in which order.
//!
//! A query is what stands in the address: `?state=open&severity=high&exploited=yes&text=…`. All
//! filters hold together. Pages follow a key, not an offset: a decision on one page does not make
//! the next page leave one out.

mod address;

pub use address::QueryError;

use super::{COLUMNS, LevelColumn, State, Suggestion, read};
use crate::database::{Connection, DatabaseError, Value};
use crate::models::finding::confidence_number;
use crate::models::ids::{AccountId, ChannelId, MaintainerId, PackageId, SuggestionId};
use crate::params;
use jiff::Timestamp;
use matching::Confidence;
use vulnerability::CveId;
use vulnerability::model::Level;

/// Who is to look at a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    /// This person.
    To(AccountId),
    /// Nobody.
    Nobody,
}

/// What is looked for. Nothing set is everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// In this state.
    pub state: Option<State>,
    /// At least this severe.
    pub level: Option<Level>,
    /// Known to be exploited, or not.
    pub exploited: Option<bool>,
    /// At least this likely to be exploited.
    pub epss: Option<f64>,
    /// With a public exploit, as CISA sees it: `active`, `poc`, `none`.
    pub exploitation: Option<String>,
    /// With this weakness: `CWE-79`.
    pub cwe: Option<String>,
    /// Matched at least this surely.
    pub confidence: Option<Confidence>,
    /// Where the matcher agrees, or does not.
    pub agrees: Option<bool>,
    /// Of a package that this channel has.
    pub channel: Option<ChannelId>,
    /// Of a package set: what a package's name begins with, as in `python:`.
    pub set: Option<String>,
    /// Of a package.
    pub package: Option<PackageId>,
    /// Of packages that this person maintains, or a team of theirs.
    pub maintainer: Option<MaintainerId>,
    /// Whom it is assigned to.
    pub assigned: Option<Assigned>,
    /// With this CVE.
    pub cve: Option<CveId>,
    /// Raised before.
    pub before: Option<Timestamp>,
    /// Raised at or after.
    pub since: Option<Timestamp>,
    /// In the package's name or a CVE's title, in any case.
    pub text: Option<String>,
}

/// The order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What should be looked at first.
    #[default]
    Risk,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Where a page begins: behind this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct After {
    /// Its risk.
    pub risk: f64,
    /// Its number.
    pub id: SuggestionId,
}

/// Conditions and their parameters.
#[derive(Debug, Default)]
struct Conditions<'q> {
    sql: Vec<String>,
    params: Vec<Value<'q>>,
}

impl<'q> Conditions<'q> {
    /// Adds a condition, in which `{}` stands for the parameter.
    fn add(&mut self, sql: &str, param: impl Into<Value<'q>>) {
        self.params.push(param.into());
        self.sql.push(sql.replace("{}", &format!("${}", self.params.len())));
    }

    fn all(&self) -> String {
        if self.sql.is_empty() { "TRUE".to_owned() } else { self.sql.join(" AND ") }
    }
}

impl Query {
    fn conditions(&self) -> Conditions<'_> {
        let mut all = Conditions::default();
        if let Some(state) = self.state {
            all.add("s.state = {}", state.name());
        }
        if let Some(level) = self.level {
            all.add("s.level >= {}", LevelColumn(level));
        }
        if let Some(exploited) = self.exploited {
            all.add("s.exploited = {}", exploited);
        }
        if let Some(epss) = self.epss {
            all.add("s.epss >= {}", epss);
        }
        if let Some(confidence) = self.confidence {
            all.add("s.confidence >= {}", confidence_number(confidence));
        }
        if let Some(agrees) = self.agrees {
            all.add("s.agrees = {}", agrees);
        }
        if let Some(package) = self.package {
            all.add("s.package = {}", package);
        }
        if let Some(before) = self.before {
            all.add("s.created_at < {}", before);
        }
        if let Some(since) = self.since {
            all.add("s.created_at >= {}", since);
        }
        match self.assigned {
            Some(Assigned::To(account)) => all.add("s.assignee = {}", account),
            Some(Assigned::Nobody) => all.sql.push("s.assignee IS NULL".to_owned()),
            None => {}
        }
        let of_cves = "EXISTS (SELECT 1 FROM suggestion_cve sc JOIN cve c ON c.id = sc.cve
             WHERE sc.suggestion = s.id AND ";
        if let Some(exploitation) = &self.exploitation {
            all.add(&format!("{of_cves} c.ssvc_exploitation = {{}})"), exploitation);
        }
        if let Some(cwe) = &self.cwe {
            // Between blanks, so that CWE-7 is not found in CWE-79.
            all.add(
                &format!("{of_cves} ' ' || c.cwes || ' ' LIKE {{}} ESCAPE '!')"),
                like(&format!(" {cwe} ")),
            );
        }
        if let Some(cve) = self.cve {
            all.add(
                "EXISTS (SELECT 1 FROM suggestion_cve sc WHERE sc.suggestion = s.id AND sc.cve = {})",
                cve,
            );
        }
        if let Some(channel) = self.channel {
            all.add("EXISTS (SELECT 1 FROM build b WHERE b.package = s.package AND b.channel = {})", channel);
        }
        if let Some(set) = &self.set {
            all.add(
                "EXISTS (SELECT 1 FROM package p WHERE p.id = s.package AND p.name LIKE {} ESCAPE '!')",
                format!("{}%", escaped(set)),
            );
        }
        if let Some(maintainer) = self.maintainer {
            all.add(
                "s.package IN (SELECT pm.package FROM package_maintainer pm WHERE pm.maintainer = {}
                 UNION SELECT pt.package FROM package_team pt JOIN team_member tm ON tm.team = pt.team
                 WHERE tm.maintainer = {})",
                maintainer,
            );
        }
        if let Some(text) = &self.text {
            all.add(
                "(EXISTS (SELECT 1 FROM package p WHERE p.id = s.package
                     AND lower(p.name) LIKE {} ESCAPE '!')
                 OR EXISTS (SELECT 1 FROM suggestion_cve sc JOIN cve c ON c.id = sc.cve
                     WHERE sc.suggestion = s.id AND (lower(c.title) LIKE {} ESCAPE '!' OR lower(c.id) LIKE {} ESCAPE '!')))",
                like(&text.to_ascii_lowercase()),
            );
        }
        all
    }
}

/// A pattern for what contains a text.
fn like(text: &str) -> String {
    format!("%{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// A page of the queue.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    query: &Query,
    order: Order,
    after: Option<After>,
    most: u32,
) -> Result<Vec<Suggestion>, DatabaseError> {
    let mut conditions = query.conditions();
    if let Some(after) = after {
        match order {
            Order::Risk => {
                conditions.params.push(after.risk.into());
                let risk = conditions.params.len();
                conditions.params.push(after.id.into());
                let sql = format!("(s.risk < ${risk} OR (s.risk = ${risk} AND s.id > ${}))", risk + 1);
                conditions.sql.push(sql);
            }
            Order::Newest => conditions.add("s.id < {}", after.id),
            Order::Oldest => conditions.add("s.id > {}", after.id),
        }
    }
    let by = match order {
        Order::Risk => "s.risk DESC, s.id",
        Order::Newest => "s.id DESC",
        Order::Oldest => "s.id",
    };
    let all = conditions.all();
    conditions.params.push(most.into());
    let most = conditions.params.len();
    let sql = format!("SELECT {COLUMNS} FROM suggestion s WHERE {all} ORDER BY {by} LIMIT ${most}");
    connection.query(&sql, &conditions.params, read)
}

/// How many there are, counted up to a limit: nobody needs to know more than "over a thousand".
///
/// # Errors
/// Those of the database.
pub fn count(connection: &mut Connection, query: &Query, most: u32) -> Result<i64, DatabaseError> {
    let mut conditions = query.conditions();
    let all = conditions.all();
    conditions.params.push(most.into());
    let most = conditions.params.len();
    let sql =
        format!("SELECT count(*) FROM (SELECT 1 FROM suggestion s WHERE {all} LIMIT ${most}) AS counted");
    connection.query_one(&sql, &conditions.params, |row| row.get(0))
}

/// The maintainer with this number at GitHub.
///
/// # Errors
/// Those of the database.
pub fn maintainer(connection: &mut Connection, github: i64) -> Result<Option<MaintainerId>, DatabaseError> {
    let sql = "SELECT id FROM maintainer WHERE github_id = $1";
    connection.query_optional(sql, params![github], |row| row.get(0))
}
