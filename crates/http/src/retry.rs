//! When a request is made again.

use crate::HttpErrorKind;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often a download is tried, and how long to wait in between.
///
/// Only what is likely to pass is tried again: a connection that was refused, broke or went silent,
/// the answers 408, 429, 500, 502, 503 and 504, and 403 where the server says when to come back, as
/// GitHub does. What has come already is kept, and the rest is asked for; attempts are counted from
/// the last byte that came. The wait doubles each time; half of it is chance, so that clients that
/// failed together do not come back together. A server's `Retry-After` is waited for, if it is not
/// longer than `longest`. The time limit of a request includes all of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is tried in all.
    pub attempts: u32,
    /// The wait after the first attempt.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first: Duration::from_millis(500), longest: Duration::from_mins(1) }
    }
}

impl RetryPolicy {
    /// Nothing is tried again.
    pub const NEVER: Self = Self { attempts: 1, first: Duration::ZERO, longest: Duration::ZERO };

    /// How long to wait after attempt number `attempt` (the first is 1) failed with `problem`;
    /// `None` to give up. `chance` is from 0 to 1, `left` what is left of the request's time.
    pub(crate) fn wait(
        &self,
        attempt: u32,
        problem: &HttpErrorKind,
        chance: f64,
        left: Duration,
    ) -> Option<Duration> {
        if attempt >= self.attempts || !is_transient(problem) {
            return None;
        }
        let doubled = 2_u32.checked_pow(attempt - 1).and_then(|factor| self.first.checked_mul(factor));
        let longest = doubled.unwrap_or(self.longest).min(self.longest);
        let mut wait = longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        if let HttpErrorKind::Status { retry_after: Some(asked), .. } = problem {
            if *asked > self.longest {
                return None;
            }
            wait = wait.max(*asked);
        }
        (wait < left).then_some(wait)
    }
}

fn is_transient(problem: &HttpErrorKind) -> bool {
    match problem {
        HttpErrorKind::Status { status: 403, retry_after } => retry_after.is_some(),
        HttpErrorKind::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        HttpErrorKind::NoAnswer | HttpErrorKind::Stalled { .. } | HttpErrorKind::CutShort { .. } => true,
        HttpErrorKind::Network(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::TimedOut
                | ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

/// The value of `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What is too large for a number is too long for anybody.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = UNIX_EPOCH.checked_add(Duration::from_secs(http_date(value)?))?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that senders
/// may use (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = parts.next()?.splitn(3, ':').map(|part| part.parse::<u64>().ok().filter(|p| *p < 61));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    if parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    // Years that begin in March, so that a leap day is the last one of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    // 1970-01-01 counted in the same way.
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn waits_double_and_end() {
        let policy = RetryPolicy { attempts: 4, ..RetryPolicy::default() };
        let refused = HttpErrorKind::Network(io::ErrorKind::ConnectionRefused.into());
        let hour = Duration::from_hours(1);
        let millis =
            |attempt, chance| policy.wait(attempt, &refused, chance, hour).map(|wait| wait.as_millis());
        assert_eq!([1, 2, 3, 4].map(|n| millis(n, 1.0)), [Some(500), Some(1000), Some(2000), None]);
        assert_eq!(millis(1, 0.0), Some(250));
        assert_eq!(policy.wait(1, &refused, 1.0, Duration::from_millis(500)), None);
        assert_eq!(RetryPolicy::NEVER.wait(1, &refused, 1.0, hour), None);
        let many = RetryPolicy { attempts: u32::MAX, ..policy };
        assert_eq!(many.wait(1000, &refused, 1.0, hour), Some(policy.longest));
    }

    #[test]
    fn servers_are_listened_to() {
        let policy = RetryPolicy::default();
        let status = |status, after: Option<u64>| {
            let problem = HttpErrorKind::Status { status, retry_after: after.map(Duration::from_secs) };
            policy.wait(1, &problem, 0.0, Duration::from_hours(1))
        };
        assert_eq!(status(503, Some(7)), Some(Duration::from_secs(7)));
        assert_eq!(status(429, Some(0)), Some(Duration::from_millis(250)));
        assert_eq!(status(503, Some(61)), None);
        assert_eq!(status(403, Some(7)), Some(Duration::from_secs(7)));
        assert_eq!([403, 404, 410, 501].map(|code| status(code, None)), [None; 4]);
    }

    #[test]
    fn dates() {
        // The example of the RFC, and what `date -u -d … +%s` says of others.
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(http_date("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
        for bad in
            ["", "soon", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 40 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(http_date(bad), None, "{bad}");
        }
        let now = UNIX_EPOCH + Duration::from_secs(784_111_700);
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(77)));
        assert_eq!(retry_after("Sun, 06 Nov 1990 08:49:37 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after(" 121 ", now), Some(Duration::from_secs(121)));
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(retry_after("-1", now), None);
    }
}
