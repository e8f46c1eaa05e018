//! Times in words.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A day, such as `3 July 2026`.
pub(crate) fn day(time: &Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let date = Offset::UTC.to_datetime(*time).date();
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{} {month} {}", date.day(), date.year())
}

/// A moment to the minute, such as `2026-07-03 14:05 UTC`.
pub(crate) fn minute(time: &Timestamp) -> String {
    let date = Offset::UTC.to_datetime(*time);
    let (day, clock) = (date.date(), date.time());
    format!("{day} {:02}:{:02} UTC", clock.hour(), clock.minute())
}

/// How long ago something was, or how long it takes until it is.
pub(crate) fn away(time: &Timestamp, now: &Timestamp) -> String {
    let seconds = now.duration_since(*time).as_secs();
    let (amount, past) = (seconds.unsigned_abs(), seconds >= 0);
    let (number, unit) = match amount {
        0..60 => return if past { "just now".to_owned() } else { "at once".to_owned() },
        60..3600 => (amount / 60, "minute"),
        3600..86_400 => (amount / 3600, "hour"),
        86_400..5_184_000 => (amount / 86_400, "day"),
        5_184_000..63_072_000 => (amount / 2_592_000, "month"),
        _ => (amount / 31_536_000, "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if past { format!("{number} {unit}{plural} ago") } else { format!("in {number} {unit}{plural}") }
}

/// How long something took.
pub(crate) fn span(from: &Timestamp, to: &Timestamp) -> String {
    let seconds = to.duration_since(*from).as_secs();
    match seconds {
        ..1 => "under a second".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let now = at("2026-07-03T14:05:00Z");
        assert_eq!(day(&now), "3 July 2026");
        assert_eq!(minute(&now), "2026-07-03 14:05 UTC");
        assert_eq!(away(&at("2026-07-03T14:04:30Z"), &now), "just now");
        assert_eq!(away(&at("2026-07-03T12:05:00Z"), &now), "2 hours ago");
        assert_eq!(away(&at("2026-07-04T15:05:00Z"), &now), "in 1 day");
        assert_eq!(away(&at("2020-01-01T00:00:00Z"), &now), "6 years ago");
        assert_eq!(span(&at("2026-07-03T14:04:00Z"), &now), "60 s");
    }
}
