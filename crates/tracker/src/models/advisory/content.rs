//! What an advisory says: all that is published, and how two revisions differ.

use super::status::Ranges;
use super::{Advisory, LevelColumn};
use crate::database::{Connection, DatabaseError};
use crate::models::ids::{AdvisoryId, PackageId};
use crate::params;
use serde::{Deserialize, Serialize};
use vulnerability::CveId;
use vulnerability::model::Level;

/// What is published of an advisory. Its JSON is what a revision keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// How severe it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The CVEs, in order.
    pub cves: Vec<CveId>,
    /// The packages with the versions that are affected, by number.
    pub packages: Vec<Concerned>,
    /// Fix commits, pull requests, references, in order.
    pub links: Vec<Link>,
}

/// A package that an advisory concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concerned {
    /// The package.
    pub package: PackageId,
    /// The versions that are affected.
    pub ranges: Ranges,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// Where.
    pub url: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// A commit that fixes it.
    Fix,
    /// A pull request.
    PullRequest,
    /// An issue.
    Issue,
    /// Something to read.
    Reference,
}

impl LinkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fix, Self::PullRequest, Self::Issue, Self::Reference];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fix => "fix",
            Self::PullRequest => "pull-request",
            Self::Issue => "issue",
            Self::Reference => "reference",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What does not belong into an advisory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// No title.
    #[error("an advisory needs a title")]
    NoTitle,
    /// Too long.
    #[error("{what} has at most {most} characters")]
    Long {
        /// What.
        what: &'static str,
        /// How many it may have.
        most: usize,
    },
    /// A title of several lines, or with characters that control a terminal.
    #[error("a title is one line of plain text")]
    Title,
    /// Too many of something.
    #[error("an advisory has at most {most} {what}")]
    Many {
        /// What.
        what: &'static str,
        /// How many it may have.
        most: usize,
    },
    /// Not an address that anybody should follow.
    #[error("{0:?} is no https or http address")]
    Url(String),
    /// A range that makes no sense.
    #[error("package {package}: {problem}")]
    Range {
        /// The package's number.
        package: PackageId,
        /// What is wrong.
        problem: super::status::RangeError,
    },
    /// A package twice.
    #[error("package {0} stands there twice")]
    Twice(PackageId),
}

const MAXIMUM_TITLE: usize = 300;
const MAXIMUM_BODY: usize = 200_000;
const MAXIMUM_URL: usize = 2000;
const MOST: usize = 1000;

impl Content {
    /// Puts everything in order: what is equal is written equally.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        let title = std::mem::take(&mut self.title);
        title.trim().clone_into(&mut self.title);
        let body = self.body.replace("\r\n", "\n");
        body.trim_end().clone_into(&mut self.body);
        self.cves.sort_unstable();
        self.cves.dedup();
        self.packages.sort();
        self.links.sort();
        self.links.dedup();
        self
    }

    /// Whether it may be kept.
    ///
    /// # Errors
    /// What does not belong into it, the first that is found.
    pub fn check(&self) -> Result<(), ContentError> {
        let long = |what, text: &str, most| {
            if text.chars().count() > most { Err(ContentError::Long { what, most }) } else { Ok(()) }
        };
        if self.title.is_empty() {
            return Err(ContentError::NoTitle);
        }
        if terminal::clean(&self.title) != self.title {
            return Err(ContentError::Title);
        }
        long("a title", &self.title, MAXIMUM_TITLE)?;
        long("the text", &self.body, MAXIMUM_BODY)?;
        let counts =
            [("CVEs", self.cves.len()), ("packages", self.packages.len()), ("links", self.links.len())];
        if let Some((what, _)) = counts.into_iter().find(|(_, count)| *count > MOST) {
            return Err(ContentError::Many { what, most: MOST });
        }
        for link in &self.links {
            let plain = link.url.bytes().all(|byte| byte.is_ascii_graphic());
            let scheme = ["https://", "http://"].iter().find_map(|scheme| link.url.strip_prefix(scheme));
            if !plain || link.url.len() > MAXIMUM_URL || scheme.is_none_or(str::is_empty) {
                return Err(ContentError::Url(link.url.chars().take(100).collect()));
            }
        }
        for concerned in &self.packages {
            let package = concerned.package;
            concerned.ranges.check().map_err(|problem| ContentError::Range { package, problem })?;
        }
        let twice = self.packages.windows(2).find(|pair| pair[0].package == pair[1].package);
        twice.map_or(Ok(()), |pair| Err(ContentError::Twice(pair[0].package)))
    }
}

/// What an advisory says now.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, advisory: &Advisory) -> Result<Content, DatabaseError> {
    let wrong = |column, expected| DatabaseError::Column { column, expected };
    let id = advisory.id;
    let mut cves: Vec<CveId> =
        connection
            .query("SELECT cve FROM advisory_cve WHERE advisory = $1", params![id], |row| row.get(0))?;
    cves.sort_unstable();
    let packages = connection.query(
        "SELECT package, ranges FROM advisory_package WHERE advisory = $1 ORDER BY package",
        params![id],
        |row| {
            let ranges: String = row.get(1)?;
            let ranges = serde_json::from_str(&ranges).map_err(|_| wrong(1, "ranges"))?;
            Ok::<_, DatabaseError>(Concerned { package: row.get(0)?, ranges })
        },
    )?;
    let mut links =
        connection.query("SELECT kind, url FROM advisory_link WHERE advisory = $1", params![id], |row| {
            let kind: String = row.get(0)?;
            let kind = LinkKind::of_name(&kind).ok_or_else(|| wrong(0, "kind of a link"))?;
            Ok::<_, DatabaseError>(Link { kind, url: row.get(1)? })
        })?;
    links.sort();
    let (title, body, level) = (advisory.title.clone(), advisory.body.clone(), advisory.level);
    Ok(Content { title, body, level, cves, packages, links })
}

/// A revision that was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// When.
    pub at: jiff::Timestamp,
    /// By whom; nobody is the service, which publishes at a time.
    pub account: Option<crate::models::ids::AccountId>,
    /// What changed, in a sentence.
    pub summary: String,
    /// What it said.
    pub content: Content,
}

/// The revisions of an advisory, the newest first.
///
/// # Errors
/// Those of the database.
pub fn revisions(connection: &mut Connection, id: AdvisoryId) -> Result<Vec<Revision>, DatabaseError> {
    connection.query(
        "SELECT number, at, account, summary, content FROM advisory_revision
         WHERE advisory = $1 ORDER BY number DESC",
        params![id],
        |row| {
            let content: String = row.get(4)?;
            let wrong = DatabaseError::Column { column: 4, expected: "content of an advisory" };
            Ok(Revision {
                number: row.get(0)?,
                at: row.get(1)?,
                account: row.get(2)?,
                summary: row.get(3)?,
                content: serde_json::from_str(&content).map_err(|_| wrong)?,
            })
        },
    )
}

/// Writes what an advisory says, in place of what it said.
pub(super) fn store(
    transaction: &mut crate::database::Transaction<'_>,
    id: AdvisoryId,
    content: &Content,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE advisory SET title = $2, body = $3, level = $4 WHERE id = $1",
        params![id, &content.title, &content.body, content.level.map(LevelColumn)],
    )?;
    for table in ["advisory_cve", "advisory_package", "advisory_link"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE advisory = $1"), params![id])?;
    }
    for cve in &content.cves {
        transaction.execute("INSERT INTO advisory_cve (advisory, cve) VALUES ($1, $2)", params![id, *cve])?;
    }
    for concerned in &content.packages {
        let ranges = serde_json::to_string(&concerned.ranges).unwrap_or_else(|error| unreachable!("{error}"));
        transaction.execute(
            "INSERT INTO advisory_package (advisory, package, ranges) VALUES ($1, $2, $3)",
            params![id, concerned.package, ranges],
        )?;
    }
    for link in &content.links {
        transaction.execute(
            "INSERT INTO advisory_link (advisory, kind, url) VALUES ($1, $2, $3)",
            params![id, link.kind.name(), &link.url],
        )?;
    }
    Ok(())
}
