//! When a job is due, and which lease is lost.

use super::Job;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A worker that is silent for so long is taken for lost. Longer than the longest transaction of a
/// job, as SQLite lets nobody renew a lease meanwhile.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// The wait after a first failure.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// The longest wait after failures.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);

/// How often a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// From the end of a run to the next one.
    pub every: SignedDuration,
    /// Up to so much is added, by chance, so that not all services ask at the same moment.
    pub jitter: SignedDuration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::every(SignedDuration::from_hours(1))
    }
}

impl Schedule {
    /// With a jitter of a tenth.
    pub fn every(every: SignedDuration) -> Self {
        Self { every, jitter: every / 10 }
    }

    /// The longest wait that this schedule gives.
    fn longest(self) -> SignedDuration {
        // With the half that is added after failures.
        (self.every + self.jitter).max(LONGEST_WAIT + LONGEST_WAIT / 2)
    }
}

/// When a job is due after a success. `random` is from 0 up to 1.
pub fn after_success(schedule: Schedule, now: Timestamp, random: f64) -> Timestamp {
    later(now, schedule.every + part(schedule.jitter, random))
}

/// When a job is due after so many failures: soon at first, then twice as late each time, but
/// hardly later than by its schedule. Up to half of the wait is added by chance, so that those who
/// failed together do not come back together.
pub fn after_failure(schedule: Schedule, failures: u32, now: Timestamp, random: f64) -> Timestamp {
    let longest = schedule.every.clamp(FIRST_WAIT, LONGEST_WAIT);
    let doublings = failures.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(longest);
    later(now, wait + part(wait / 2, random))
}

fn part(whole: SignedDuration, random: f64) -> SignedDuration {
    whole.mul_f64(random.clamp(0.0, 1.0))
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// What is to be done about jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whose worker went away.
    pub lost: Vec<String>,
    /// Whose lease ends later than any that is given now: the clock was ahead when it was given.
    pub too_long: Vec<String>,
    /// The one that is due for longest.
    pub due: Option<String>,
    /// When there is something to do next, if nothing is now.
    pub next: Option<Timestamp>,
}

impl Plan {
    /// Whether nothing is to be done now.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.too_long.is_empty() && self.due.is_none()
    }
}

/// Decides what is to be done about jobs. Those without a schedule are of another program, and only
/// their leases are looked at.
///
/// A clock that was set back makes no job wait for longer than its schedule can: what is due later
/// than that was written by a clock that was ahead. A lease of such a clock is not taken for lost;
/// its worker, if it is there, renews it within the time of a usual one.
pub fn plan(jobs: &[Job], schedules: &BTreeMap<&str, Schedule>, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut first: Option<(Timestamp, &str)> = None;
    let mut soonest = |at: Timestamp| plan.next = Some(plan.next.map_or(at, |next| next.min(at)));
    for job in jobs {
        if job.worker.is_some() {
            let until = job.leased_until.unwrap_or(Timestamp::MIN);
            if until <= now {
                plan.lost.push(job.name.clone());
            } else if until > later(now, LEASE) {
                plan.too_long.push(job.name.clone());
            } else {
                soonest(until);
            }
            continue;
        }
        let Some(schedule) = schedules.get(job.name.as_str()) else { continue };
        if !job.enabled {
            continue;
        }
        if job.next_at > now && job.next_at <= later(now, schedule.longest()) {
            soonest(job.next_at);
        } else if first.is_none_or(|(at, _)| job.next_at < at) {
            first = Some((job.next_at, &job.name));
        }
    }
    plan.due = first.map(|(_, name)| name.to_owned());
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn job(name: &str, next_at: i64) -> Job {
        Job {
            name: name.to_owned(),
            enabled: true,
            next_at: at(next_at),
            worker: None,
            leased_until: None,
            lease: 0,
            failures: 0,
        }
    }

    fn held(until: i64) -> Job {
        Job { worker: Some("w".to_owned()), leased_until: Some(at(until)), ..job("a", 0) }
    }

    fn schedules() -> BTreeMap<&'static str, Schedule> {
        let hour = Schedule::every(SignedDuration::from_hours(1));
        BTreeMap::from([("a", hour), ("b", hour)])
    }

    #[test]
    fn the_one_that_is_due_for_longest_is_first() {
        let due = |jobs: &[Job]| plan(jobs, &schedules(), at(100)).due;
        assert_eq!(due(&[job("a", 50), job("b", 40)]).as_deref(), Some("b"));
        assert_eq!(due(&[job("a", 100)]).as_deref(), Some("a"));
        assert_eq!(due(&[job("a", 101)]), None);
        assert_eq!(due(&[job("unknown", 0)]), None);
        assert_eq!(due(&[Job { enabled: false, ..job("a", 0) }]), None);
        assert_eq!(plan(&[job("a", 170), job("b", 160)], &schedules(), at(100)).next, Some(at(160)));
    }

    #[test]
    fn leases_end_and_are_never_too_long() {
        let lease = LEASE.as_secs();
        let plan = |until| plan(&[held(until)], &schedules(), at(0));
        assert_eq!(plan(0).lost, ["a"]);
        assert_eq!((plan(1).is_empty(), plan(1).next), (true, Some(at(1))));
        assert!(plan(lease).is_empty());
        assert_eq!((plan(lease + 1).too_long, plan(lease + 1).lost.len()), (vec!["a".to_owned()], 0));
    }

    proptest! {
        /// Wherever the clock goes, a job that a schedule has put off is due again within that
        /// schedule's longest wait.
        #[test]
        fn a_clock_that_is_set_back_stalls_nothing(
            back in 0_i64..10_000_000, minutes in 1_i64..20_000, random in 0.0..1.0_f64, failures in 0_u32..40,
        ) {
            let schedule = Schedule::every(SignedDuration::from_mins(minutes));
            let schedules = BTreeMap::from([("a", schedule)]);
            let next_at = match failures {
                0 => after_success(schedule, at(0), random),
                failures => after_failure(schedule, failures, at(0), random),
            };
            prop_assert!(next_at > at(0));
            let waiting = Job { next_at, ..job("a", 0) };
            let now = at(-back);
            let found = plan(std::slice::from_ref(&waiting), &schedules, now);
            match found.due {
                Some(_) => prop_assert!(back > 0),
                None => prop_assert!(found.next.unwrap() <= now + schedule.longest()),
            }
            prop_assert!(plan(&[waiting], &schedules, next_at).due.is_some());
        }

        /// Waits grow, stay within bounds, and a first failure is tried again soon.
        #[test]
        fn waits_after_failures(failures in 1_u32..100, minutes in 1_i64..20_000, random in 0.0..1.0_f64) {
            let schedule = Schedule::every(SignedDuration::from_mins(minutes));
            let wait = |failures, random| after_failure(schedule, failures, at(0), random).duration_since(at(0));
            prop_assert!(wait(1, random) >= FIRST_WAIT && wait(1, random) <= FIRST_WAIT * 2);
            prop_assert!(wait(failures + 1, random) >= wait(failures, random));
            prop_assert!(wait(failures, random) >= wait(failures, 0.0));
            prop_assert!(wait(failures, random) <= LONGEST_WAIT + LONGEST_WAIT / 2);
            prop_assert!(wait(failures, 0.0) <= schedule.every.max(FIRST_WAIT));
        }
    }
}
