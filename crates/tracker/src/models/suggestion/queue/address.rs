//! A query as it stands in an address, in a saved view, and in a rule.

use super::{Assigned, Query};
use crate::models::ids::{AccountId, ChannelId, MaintainerId, PackageId};
use crate::models::suggestion::State;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use matching::Confidence;
use vulnerability::CveId;
use vulnerability::model::Level;

/// The longest value of a filter, in bytes.
const MAXIMUM: usize = 200;

/// What of an address is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// There is no such filter.
    #[error("there is no filter {0:?}")]
    Unknown(String),
    /// It cannot be this.
    #[error("{value:?} is no value for the filter {name:?}: {expected}")]
    Value {
        /// The filter.
        name: String,
        /// What was given.
        value: String,
        /// What can be given.
        expected: &'static str,
    },
}

const LEVELS: [(&str, Level); 5] = [
    ("none", Level::None),
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];
const CONFIDENCES: [(&str, Confidence); 3] =
    [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];
const ANSWERS: [(&str, bool); 2] = [("yes", true), ("no", false)];

fn named<T: Copy>(names: &[(&str, T)], value: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == value).map(|(_, value)| *value)
}

fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

/// The beginning of a day.
fn day(text: &str) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

impl Query {
    /// Reads a query: `state=open&severity=high`.
    ///
    /// # Errors
    /// Where there is no such filter, or it cannot be that.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Self::of_pairs(form_urlencoded::parse(text.as_bytes()))
    }

    /// Reads a query from names and values. An empty value is no filter, as forms send it.
    ///
    /// # Errors
    /// Where there is no such filter, or it cannot be that.
    pub fn of_pairs<'p>(
        pairs: impl IntoIterator<Item = (impl AsRef<str> + 'p, impl AsRef<str> + 'p)>,
    ) -> Result<Self, QueryError> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let value = value.as_ref().trim();
            if !value.is_empty() {
                query.set(name.as_ref(), value)?;
            }
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), QueryError> {
        let wrong = |expected| {
            let shown = |text: &str| text.chars().take(MAXIMUM).collect();
            QueryError::Value { name: name.to_owned(), value: shown(value), expected }
        };
        if value.len() > MAXIMUM {
            return Err(wrong("it is too long"));
        }
        let number = || value.parse::<i64>().map_err(|_| wrong("a number"));
        match name {
            "state" => {
                let expected = "open, accepted, dismissed or closed-by-rule";
                self.state = Some(State::of_name(value).ok_or_else(|| wrong(expected))?);
            }
            "severity" => {
                let expected = "none, low, medium, high or critical";
                self.level = Some(named(&LEVELS, value).ok_or_else(|| wrong(expected))?);
            }
            "exploited" => self.exploited = Some(named(&ANSWERS, value).ok_or_else(|| wrong("yes or no"))?),
            "agrees" => self.agrees = Some(named(&ANSWERS, value).ok_or_else(|| wrong("yes or no"))?),
            "epss" => {
                let epss = value.parse().ok().filter(|epss| (0.0..=1.0).contains(epss));
                self.epss = Some(epss.ok_or_else(|| wrong("a number from 0 to 1"))?);
            }
            "exploitation" => {
                let known = ["none", "poc", "active"].contains(&value);
                self.exploitation = Some(value.to_owned()).filter(|_| known);
                self.exploitation.as_ref().ok_or_else(|| wrong("none, poc or active"))?;
            }
            "cwe" => {
                let upper = value.to_ascii_uppercase();
                let digits = upper.strip_prefix("CWE-").unwrap_or(&upper);
                let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                self.cwe = Some(format!("CWE-{digits}")).filter(|_| fits);
                self.cwe.as_ref().ok_or_else(|| wrong("a weakness, such as CWE-79"))?;
            }
            "confidence" => {
                let expected = "low, medium or high";
                self.confidence = Some(named(&CONFIDENCES, value).ok_or_else(|| wrong(expected))?);
            }
            "channel" => self.channel = Some(ChannelId(number()?)),
            "package" => self.package = Some(PackageId(number()?)),
            "maintainer" => self.maintainer = Some(MaintainerId(number()?)),
            "assignee" => {
                self.assigned = Some(match value {
                    "nobody" => Assigned::Nobody,
                    _ => Assigned::To(AccountId(value.parse().map_err(|_| wrong("a number or nobody"))?)),
                });
            }
            "set" => self.set = Some(value.to_owned()),
            "text" => self.text = Some(value.to_owned()),
            "cve" => {
                let cve: Option<CveId> = value.to_ascii_uppercase().parse().ok();
                self.cve = Some(cve.ok_or_else(|| wrong("a CVE, such as CVE-2024-3094"))?);
            }
            "before" => self.before = Some(day(value).ok_or_else(|| wrong("a day, such as 2026-11-30"))?),
            "since" => self.since = Some(day(value).ok_or_else(|| wrong("a day, such as 2026-11-30"))?),
            _ => return Err(QueryError::Unknown(name.chars().take(MAXIMUM).collect())),
        }
        Ok(())
    }

    /// The query as it stands in an address. Read again, it is the same.
    pub fn text(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                text.append_pair(name, &value);
            }
        };
        let date = |at: Timestamp| TimeZone::UTC.to_datetime(at).date().to_string();
        add("state", self.state.map(|state| state.name().to_owned()));
        add("severity", self.level.map(|level| name_of(&LEVELS, &level).to_owned()));
        add("exploited", self.exploited.map(|answer| name_of(&ANSWERS, &answer).to_owned()));
        add("agrees", self.agrees.map(|answer| name_of(&ANSWERS, &answer).to_owned()));
        add("epss", self.epss.map(|epss| epss.to_string()));
        add("exploitation", self.exploitation.clone());
        add("cwe", self.cwe.clone());
        add("confidence", self.confidence.map(|sure| name_of(&CONFIDENCES, &sure).to_owned()));
        add("channel", self.channel.map(|id| id.to_string()));
        add("package", self.package.map(|id| id.to_string()));
        add("maintainer", self.maintainer.map(|id| id.to_string()));
        add(
            "assignee",
            self.assigned.map(|assigned| match assigned {
                Assigned::Nobody => "nobody".to_owned(),
                Assigned::To(account) => account.to_string(),
            }),
        );
        add("set", self.set.clone());
        add("text", self.text.clone());
        add("cve", self.cve.map(|cve| cve.to_string()));
        add("before", self.before.map(date));
        add("since", self.since.map(date));
        text.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_filter_comes_back() {
        let text = "state=closed-by-rule&severity=critical&exploited=no&agrees=yes&epss=0.25&exploitation=poc\
            &cwe=CWE-79&confidence=high&channel=1&package=2&maintainer=3&assignee=4&set=python%3A\
            &text=a+%26+b&cve=CVE-2024-3094&before=2026-11-30&since=2026-01-01";
        assert_eq!(Query::parse(text).unwrap().text(), text);
        assert_eq!(Query::parse("state=&severity= &text=").unwrap(), Query::default());
    }

    #[test]
    fn what_is_none_is_named() {
        for (text, filter) in [
            ("stat=open", "\"stat\""),
            ("state=all", "\"all\""),
            ("epss=1.1", "\"1.1\""),
            ("epss=NaN", "NaN"),
            ("cve=CVE-1", "CVE-1"),
            ("before=2026-02-30", "2026-02-30"),
            ("channel=x", "\"x\""),
            ("cwe=CWE-x", "CWE-x"),
            ("exploitation=POC", "POC"),
        ] {
            let error = Query::parse(text).unwrap_err().to_string();
            assert!(error.contains(filter), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_so_that_it_reads_the_same(text in "\\PC{0,60}|(state|text|set|epss|cwe|cve|before)=\\PC{0,20}") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert_eq!(Query::parse(&query.text()), Ok(query));
            }
        }
    }
}
