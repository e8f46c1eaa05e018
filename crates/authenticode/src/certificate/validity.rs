//! From when until when a certificate is valid.
//!
//! Nobody who boots asks. So a date of any year is read (RFC 5280, section 4.1.2.5; the crate
//! `x509-cert` knows none before 1970, and there are certificates of the year 1). A text that is no
//! date makes the certificate valid at no time; newer OpenSSL takes no such certificate.

use crate::asn1::{DerError, DerProblem, Element, element};
use crate::time::Time;
use alloc::vec::Vec;
use der::Tag;

/// From when until when a certificate is valid; `None` is no date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) not_before: Option<Time>,
    pub(super) not_after: Option<Time>,
}

impl Validity {
    /// Reads `Validity`.
    pub(super) fn read(validity: Element<'_>) -> Result<Self, DerError> {
        let mut fields = validity.inside();
        let not_before = date(fields.next("notBefore")?)?;
        let not_after = date(fields.next("notAfter")?)?;
        fields.finish()?;
        Ok(Self { not_before, not_after })
    }

    pub(super) fn contains(&self, time: Time) -> bool {
        let (from, until) = (self.not_before, self.not_after);
        from.is_some_and(|from| from <= time) && until.is_some_and(|until| time <= until)
    }
}

/// A `Validity` that every reader understands.
pub(super) fn plain() -> Vec<u8> {
    let date = element(Tag::UtcTime, &[b"700101000000Z"]);
    element(Tag::Sequence, &[&date, &date])
}

/// A UTCTime or a GeneralizedTime.
fn date(found: Element<'_>) -> Result<Option<Time>, DerError> {
    match found.tag {
        Tag::UtcTime => Ok(read(found.value, 2)),
        Tag::GeneralizedTime => Ok(read(found.value, 4)),
        found => Err(DerProblem::Tag { expected: Tag::GeneralizedTime, found }.at("Validity")),
    }
}

/// `YYMMDDHHMMSSZ`, or the same with four digits of the year.
fn read(text: &[u8], digits_of_year: usize) -> Option<Time> {
    let (year, rest) = text.split_at_checked(digits_of_year)?;
    let year = number(year)?;
    let year = match digits_of_year {
        2 if year < 50 => 2000 + year,
        2 => 1900 + year,
        _ => year,
    };
    let (pairs, []) = rest.strip_suffix(b"Z")?.as_chunks::<2>() else { return None };
    let pairs: Vec<u8> = pairs.iter().map(|pair| number(pair)?.try_into().ok()).collect::<Option<_>>()?;
    let [month, day, hour, minute, second] = pairs.try_into().ok()?;
    let valid = (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
    (valid && hour < 24 && minute < 60 && second < 60).then_some(Time {
        year,
        month,
        day,
        hour,
        minute,
        second,
    })
}

fn number(digits: &[u8]) -> Option<u16> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
}

fn days(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_dates() {
        for text in
            ["", "Z", "7001010000Z", "700101000000", "700101000000+0000", "70010100000 Z", "701301000000Z"]
        {
            assert_eq!(read(text.as_bytes(), 2), None, "{text}");
        }
        for text in ["19000229000000Z", "20000230000000Z", "20000101240000Z", "20000101000000.5Z"] {
            assert_eq!(read(text.as_bytes(), 4), None, "{text}");
        }
        let first = Time { year: 1, month: 1, day: 1, ..Time::default() };
        assert_eq!(read(b"00010101000000Z", 4), Some(first));
        assert_eq!(read(b"490101000000Z", 2).map(|time| time.year), Some(2049));
        assert_eq!(read(b"500101000000Z", 2).map(|time| time.year), Some(1950));
    }

    proptest! {
        /// What the crate `der` knows, it knows as we do.
        #[test]
        fn dates_since_1970_are_those_of_another_reader(seconds in 0u64..253_402_300_800) {
            let time = der::DateTime::from_unix_duration(core::time::Duration::from_secs(seconds)).unwrap();
            let text = der::asn1::GeneralizedTime::from_date_time(time);
            let octets = der::Encode::to_der(&text).unwrap();
            prop_assert_eq!(read(&octets[2..], 4), Some(Time::of_der(time)));
        }

        #[test]
        fn nothing_panics(text in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = (read(&text, 2), read(&text, 4));
        }
    }
}
