//! The time that a step sees: the clock and the times of its files.
//!
//! The second is always [`TIME`]. Only the nanosecond moves, one for each millisecond that passes,
//! for clocks and files alike: so what is newer is newer to make and configure too, nothing lies in
//! the future, and whatever is cut to seconds (dates, archives) is the same in every run.

use crate::sandbox::TIME;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;
/// Nanoseconds that pass while the step sees one.
const SCALE: i128 = 1_000_000;

/// Seconds and nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanoseconds: i64,
}

impl Time {
    fn real(clock: ClockId) -> nix::Result<Self> {
        let found = clock_gettime(clock)?;
        Ok(Self { seconds: found.tv_sec(), nanoseconds: found.tv_nsec() })
    }

    fn since(self, other: Self) -> i128 {
        (i128::from(self.seconds) - i128::from(other.seconds)) * SECOND
            + (i128::from(self.nanoseconds) - i128::from(other.nanoseconds))
    }
}

/// What all files have that a step has not touched.
pub(super) const BEGINNING: Time = Time { seconds: TIME, nanoseconds: 0 };

/// The times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileTimes {
    pub(super) accessed: Time,
    pub(super) modified: Time,
    pub(super) changed: Time,
}

/// The clock of one step.
#[derive(Debug)]
pub(super) struct Clock {
    start: Time,
    last: Time,
    ticks: u64,
}

impl Clock {
    /// Begins now. The kernel gives files the time of its last tick: it is waited for the next one,
    /// so that what was made before is older than all that the step makes.
    pub(super) fn begin() -> nix::Result<Self> {
        let before = Time::real(ClockId::CLOCK_REALTIME_COARSE)?;
        loop {
            let start = Time::real(ClockId::CLOCK_REALTIME_COARSE)?;
            if start != before {
                return Ok(Self { start, last: BEGINNING, ticks: 0 });
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// What the step's clocks show. They never go back, even if the machine's clock is set.
    pub(super) fn now(&mut self) -> nix::Result<Time> {
        self.last = self.last.max(self.shown(Time::real(ClockId::CLOCK_REALTIME)?));
        Ok(self.last)
    }

    /// What the processor's counter shows: the nanosecond, and always more than before.
    pub(super) fn tick(&mut self) -> nix::Result<u64> {
        self.ticks = self.now()?.nanoseconds.unsigned_abs().max(self.ticks + 1);
        Ok(self.ticks)
    }

    /// How long it is until the step's clocks would show a time, if they went as others do.
    pub(super) fn until(&mut self, time: Time) -> nix::Result<Time> {
        let left = time.since(self.now()?).max(0);
        let part = |part: i128| i64::try_from(part).unwrap_or(i64::MAX);
        Ok(Time { seconds: part(left / SECOND), nanoseconds: part(left % SECOND) })
    }

    fn shown(&self, real: Time) -> Time {
        let passed = (real.since(self.start) / SCALE).clamp(0, SECOND - 1);
        Time { seconds: TIME, nanoseconds: i64::try_from(passed).unwrap_or(0) }
    }

    /// What the step sees of a file's times. A program can set two of them, as tar does: what it
    /// has set it sees again.
    pub(super) fn file(&self, real: FileTimes) -> FileTimes {
        if real.changed < self.start {
            return FileTimes { accessed: BEGINNING, modified: BEGINNING, changed: BEGINNING };
        }
        let shown = |time: Time| if time < self.start { time } else { self.shown(time) };
        FileTimes {
            accessed: shown(real.accessed),
            modified: shown(real.modified),
            changed: self.shown(real.changed),
        }
    }

    /// What the step sees of the time at which a file was made, which no program can set.
    pub(super) fn made(&self, real: Time) -> Time {
        self.shown(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Time = Time { seconds: 1_795_944_058, nanoseconds: 123_456_789 };

    fn clock() -> Clock {
        Clock { start: START, last: BEGINNING, ticks: 0 }
    }

    fn after(milliseconds: i64) -> Time {
        let nanoseconds = START.nanoseconds + milliseconds % 1000 * 1_000_000;
        let seconds = START.seconds + milliseconds / 1000 + nanoseconds / 1_000_000_000;
        Time { seconds, nanoseconds: nanoseconds % 1_000_000_000 }
    }

    proptest! {
        #[test]
        fn order_stays_and_the_second_too(a in 0..1_000_000_000_i64, b in 0..1_000_000_000_i64) {
            let clock = clock();
            let (shown_a, shown_b) = (clock.shown(after(a)), clock.shown(after(b)));
            prop_assert_eq!(a.cmp(&b), shown_a.cmp(&shown_b));
            prop_assert_eq!((shown_a.seconds, shown_a.nanoseconds), (TIME, a));
        }

        #[test]
        fn nothing_else_than_the_second_is_shown(seconds: i64, nanoseconds in 0..1_000_000_000_i64) {
            let time = Time { seconds, nanoseconds };
            prop_assert_eq!(clock().shown(time).seconds, TIME);
            let untouched = FileTimes { accessed: time, modified: time, changed: after(-1) };
            prop_assert_eq!(clock().file(untouched).modified, BEGINNING);
            let touched = FileTimes { accessed: time, modified: time, changed: after(5) };
            let seen = clock().file(touched);
            prop_assert_eq!(seen.changed.nanoseconds, 5);
            prop_assert!(seen.modified == time && time < START || seen.modified.seconds == TIME);
        }

        #[test]
        fn waiting_is_never_negative(seconds: i64, nanoseconds in 0..1_000_000_000_i64) {
            let left = Clock::begin().unwrap().until(Time { seconds, nanoseconds }).unwrap();
            prop_assert!(left.seconds >= 0 && (0..1_000_000_000).contains(&left.nanoseconds));
            let none = Time { seconds: 0, nanoseconds: 0 };
            prop_assert!(seconds >= TIME || left == none);
        }
    }
}
