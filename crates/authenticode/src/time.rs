//! A moment in universal time, to the second.

use core::fmt;

/// A moment: what certificates, timestamps and `EFI_TIME` have in common. The order is that of
/// time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Year of our era.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl Time {
    /// The moment so many seconds later; `None` if either is no date of 1970 to 9999.
    pub fn plus_seconds(&self, seconds: u64) -> Option<Self> {
        Self::from_unix(self.to_unix()?.checked_add(seconds)?)
    }

    /// Whether every field is zero: "always" in revocations, "not given" elsewhere.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// From seconds since 1970; `None` after the year 9999.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        der::DateTime::from_unix_duration(core::time::Duration::from_secs(seconds)).ok().map(Self::of_der)
    }

    /// Seconds since 1970; `None` if this is no date of 1970 to 9999: certificates may be older.
    pub fn to_unix(&self) -> Option<u64> {
        der::DateTime::new(self.year, self.month, self.day, self.hour, self.minute, self.second)
            .ok()
            .map(|time| time.unix_duration().as_secs())
    }
}

impl Time {
    /// From `EFI_TIME`; fractions of seconds and the time zone are passed over, as firmware does
    /// when it compares times.
    pub const fn from_efi(octets: [u8; 16]) -> Self {
        let [a, b, month, day, hour, minute, second, ..] = octets;
        Self { year: u16::from_le_bytes([a, b]), month, day, hour, minute, second }
    }

    /// As `EFI_TIME`, in UTC.
    pub const fn to_efi(self) -> [u8; 16] {
        let [a, b] = self.year.to_le_bytes();
        [a, b, self.month, self.day, self.hour, self.minute, self.second, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }
}

impl Time {
    /// From the type of the crate `der`, which is not part of our interface.
    pub(crate) fn of_der(time: der::DateTime) -> Self {
        Self {
            year: time.year(),
            month: time.month(),
            day: time.day(),
            hour: time.hour(),
            minute: time.minutes(),
            second: time.seconds(),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}
