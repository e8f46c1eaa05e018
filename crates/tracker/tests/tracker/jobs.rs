//! Jobs run once at a time, go on where they were, and come back after failures.

use crate::support::{Store, on_each};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use tracker::app::{App, Clock};
use tracker::config::Config;
use tracker::database::DatabaseError;
use tracker::jobs::{Ended, Job, JobContext, JobError, Jobs, Stop, Worker, Workers};
use tracker::models::job::{self, LEASE, Outcome, Run, Schedule};
use tracker::params;

type Work = dyn Fn(&mut JobContext<'_>) -> Result<(), JobError> + Send + Sync;

/// A job that does what a test says.
#[derive(Clone)]
struct Does(Arc<Work>);

impl Does {
    fn jobs(work: impl Fn(&mut JobContext<'_>) -> Result<(), JobError> + Send + Sync + 'static) -> Jobs {
        Jobs::default().with(Self(Arc::new(work)))
    }
}

impl Job for Does {
    fn name(&self) -> &'static str {
        "does"
    }

    fn about(&self) -> &'static str {
        "what a test says"
    }

    fn schedule(&self) -> Schedule {
        Schedule::every(SignedDuration::from_mins(10))
    }

    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError> {
        (self.0)(context)
    }
}

/// A service whose clock the test sets.
#[derive(Clone)]
struct Service {
    app: App,
    second: Arc<AtomicI64>,
}

impl Service {
    fn new(store: &Store) -> Self {
        let second = Arc::new(AtomicI64::new(1_790_000_000));
        let read = Arc::clone(&second);
        let clock = Clock::new(move || Timestamp::from_second(read.load(Ordering::SeqCst)).unwrap());
        Self { app: App::new(store.database.clone(), Config::default(), clock), second }
    }

    fn passes(&self, time: SignedDuration) {
        self.second.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    fn worker(&self, jobs: &Jobs) -> Worker {
        let worker = Worker::new(self.app.clone(), jobs.clone(), Stop::default());
        worker.register().unwrap();
        worker
    }

    fn job(&self) -> job::Job {
        self.app.database.read(|c| job::named(c, "does")).unwrap().unwrap()
    }

    fn runs(&self) -> Vec<Run> {
        self.app.database.read(|c| job::runs(c, "does", None, 100)).unwrap()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.runs().iter().map(|run| run.outcome).collect()
    }

    /// A lease that a worker took, and whose process is gone.
    fn abandoned(&self) -> job::Claim {
        let schedules = BTreeMap::from([("does", Schedule::default())]);
        let now = self.app.now();
        let claimed = self.app.database.write(|t| job::claim_named(t, &schedules, "does", "gone", now));
        claimed.unwrap().unwrap()
    }
}

fn outcome(ended: Option<Ended>) -> Option<Outcome> {
    ended.map(|ended| ended.outcome)
}

fn add(context: &mut JobContext<'_>, number: i64) -> Result<i64, JobError> {
    context.write(|transaction, saving| {
        let value = transaction.query_one(
            "INSERT INTO counter (name, value) VALUES ('done', $1)
             ON CONFLICT (name) DO UPDATE SET value = counter.value + $1 RETURNING value",
            params![number],
            |row| row.get::<i64>(0),
        )?;
        saving.count("added", 1);
        saving.save(transaction, &value)?;
        Ok(value)
    })
}

fn done(service: &Service) -> Option<i64> {
    let sql = "SELECT value FROM counter WHERE name = 'done'";
    let read = |c: &mut tracker::database::Connection| c.query_optional(sql, params![], |row| row.get(0));
    service.app.database.read::<_, DatabaseError>(read).unwrap()
}

#[test]
fn a_job_runs_when_it_is_due() {
    on_each(|store| {
        let service = Service::new(store);
        let worker = service.worker(&Does::jobs(|context| add(context, 1).map(drop)));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        assert_eq!(worker.run_one().unwrap(), None);
        service.passes(SignedDuration::from_mins(10) - SignedDuration::from_secs(1));
        assert_eq!(worker.run_one().unwrap(), None);
        // By then the jitter is over, too.
        service.passes(SignedDuration::from_secs(62));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        assert_eq!(done(&service), Some(2));
        let runs = service.runs();
        assert_eq!(runs.len(), 2);
        assert_eq!((runs[0].worker.as_str(), runs[0].counts["added"]), (worker.name(), 1));
        assert_eq!(runs[0].ended_at, Some(service.app.now()));
        // By hand it runs at once.
        assert_eq!(outcome(worker.run_named("does").unwrap()), Some(Outcome::Done));
    });
}

#[test]
fn several_workers_run_a_job_once_at_a_time() {
    on_each(|store| {
        let service = Service::new(store);
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (entered, seen) = (Arc::clone(&inside), Arc::clone(&most));
        let jobs = Does::jobs(move |context| {
            seen.fetch_max(entered.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            add(context, 1)?;
            entered.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        });
        service.worker(&jobs);
        thread::scope(|scope| {
            for _ in 0..6 {
                let worker = service.worker(&jobs);
                scope.spawn(move || {
                    for _ in 0..10 {
                        worker.run_named("does").unwrap();
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        let runs = service.runs();
        assert!(runs.iter().all(|run| run.outcome == Outcome::Done));
        assert_eq!(done(&service), Some(runs.len().try_into().unwrap()));
        // And by schedule: of six that look at the same moment, one finds it due.
        service.passes(SignedDuration::from_mins(20));
        let ran = thread::scope(|scope| {
            let looks: Vec<_> = (0..6)
                .map(|_| {
                    let worker = service.worker(&jobs);
                    scope.spawn(move || worker.run_one().unwrap().is_some())
                })
                .collect();
            looks.into_iter().filter_map(|look| look.join().unwrap().then_some(())).count()
        });
        assert_eq!(ran, 1);
    });
}

#[test]
fn a_worker_that_went_away_is_found_and_refused_when_it_comes_back() {
    on_each(|store| {
        let service = Service::new(store);
        let jobs = Does::jobs(|context| add(context, 1).map(drop));
        let worker = service.worker(&jobs);
        let gone = service.abandoned();
        assert_eq!(outcome(worker.run_named("does").unwrap()), None);
        service.passes(LEASE - SignedDuration::from_secs(1));
        assert_eq!(worker.run_one().unwrap(), None);
        assert!(store.database.write(|t| job::renew(t, &gone, service.app.now())).unwrap());
        service.passes(LEASE);
        // It is found at once, and runs again after a moment.
        assert_eq!(worker.run_one().unwrap(), None);
        assert_eq!((service.outcomes(), service.job().failures), (vec![Outcome::Lost], 1));
        service.passes(SignedDuration::from_mins(1));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        let now = service.app.now();
        assert!(!store.database.write(|t| job::renew(t, &gone, now)).unwrap());
        let counts = job::Counts::new();
        let end = job::End { outcome: Outcome::Done, counts: &counts, error: None, next_at: now };
        assert!(!store.database.write(|t| job::finish(t, &gone, &end, now)).unwrap());
        assert_eq!(service.outcomes(), [Outcome::Done, Outcome::Lost]);
    });
}

#[test]
fn what_is_written_after_the_lease_was_lost_is_refused() {
    on_each(|store| {
        let service = Service::new(store);
        let inner = service.clone();
        let jobs = Does::jobs(move |context| {
            add(context, 1)?;
            // It stands still; meanwhile another worker takes the job.
            inner.passes(LEASE * 2);
            let other = inner.worker(&Does::jobs(|context| add(context, 10).map(drop)));
            assert_eq!(other.run_one().unwrap(), None);
            inner.passes(SignedDuration::from_mins(1));
            assert_eq!(outcome(other.run_one().unwrap()), Some(Outcome::Done));
            add(context, 100).map(drop)
        });
        let ended = service.worker(&jobs).run_one().unwrap().unwrap();
        assert_eq!((ended.outcome, done(&service)), (Outcome::Lost, Some(11)));
        assert_eq!(service.outcomes(), [Outcome::Done, Outcome::Lost]);
        assert_eq!(service.job().worker, None);
    });
}

#[test]
fn failures_are_tried_again_later_and_later() {
    on_each(|store| {
        let service = Service::new(store);
        let works = Arc::new(AtomicUsize::new(0));
        let ask = Arc::clone(&works);
        let jobs = Does::jobs(move |_| match ask.load(Ordering::SeqCst) {
            0 => Err(JobError::other("the\u{1b}[31m feed is away")),
            1 => panic!("on purpose"),
            _ => Ok(()),
        });
        let worker = service.worker(&jobs);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let ended = worker.run_one().unwrap().unwrap();
            assert_eq!(ended.outcome, Outcome::Failed);
            let error = ended.error.unwrap();
            assert!(error.contains("feed is away") && !error.contains('\u{1b}'), "{error:?}");
            assert_eq!(service.runs()[0].error.as_deref(), Some(error.as_str()));
            let wait = service.job().next_at.duration_since(service.app.now());
            service.passes(wait - SignedDuration::from_secs(1));
            assert_eq!(worker.run_one().unwrap(), None);
            service.passes(SignedDuration::from_secs(2));
            waits.push(wait);
        }
        assert!(waits[..4].is_sorted() && waits[0] < waits[2], "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= SignedDuration::from_mins(15)), "{waits:?}");
        // A panic is a failure like another.
        works.store(1, Ordering::SeqCst);
        let ended = worker.run_one().unwrap().unwrap();
        assert_eq!(ended.error.as_deref(), Some("it panicked: on purpose"));
        assert_eq!(service.job().failures, 7);
        works.store(2, Ordering::SeqCst);
        assert_eq!(outcome(worker.run_named("does").unwrap()), Some(Outcome::Done));
        assert_eq!(service.job().failures, 0);
    });
}

#[test]
fn a_job_goes_on_where_it_was_stopped() {
    on_each(|store| {
        let service = Service::new(store);
        let stop = Stop::default();
        let (seen, asks) = (Arc::new(Mutex::new(Vec::new())), stop.clone());
        let cursors = Arc::clone(&seen);
        let jobs = Does::jobs(move |context| {
            cursors.lock().unwrap().push(context.cursor::<i64>());
            for _ in 0..3 {
                context.go_on()?;
                // What fails leaves neither its work nor its cursor nor its counts.
                let failed = context.write(|transaction, saving| {
                    saving.count("added", 1000);
                    saving.save(transaction, &-1)?;
                    Err::<(), _>(JobError::other("no"))
                });
                assert!(failed.is_err());
                if add(context, 1)? == 2 {
                    asks.ask();
                }
            }
            Ok(())
        });
        service.worker(&jobs);
        let worker = Worker::new(service.app.clone(), jobs.clone(), stop);
        let ended = worker.run_one().unwrap().unwrap();
        assert_eq!((ended.outcome, ended.counts["added"]), (Outcome::Stopped, 2));
        // It is due at once, for whoever comes next, and no failure.
        assert_eq!((service.job().next_at, service.job().failures), (service.app.now(), 0));
        assert_eq!(outcome(service.worker(&jobs).run_one().unwrap()), Some(Outcome::Done));
        assert_eq!(*seen.lock().unwrap(), [None, Some(2)]);
        assert_eq!(done(&service), Some(5));
    });
}

#[test]
fn a_clock_that_is_set_back_neither_stalls_nor_doubles() {
    on_each(|store| {
        let service = Service::new(store);
        let worker = service.worker(&Does::jobs(|context| add(context, 1).map(drop)));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        let gone = service.abandoned();
        service.passes(SignedDuration::from_hours(-240));
        // Somebody has the lease, who may be there: nobody else runs the job.
        assert_eq!(worker.run_one().unwrap(), None);
        assert!(store.database.write(|t| job::renew(t, &gone, service.app.now())).unwrap());
        service.passes(LEASE + SignedDuration::from_secs(1));
        assert_eq!(worker.run_one().unwrap(), None);
        assert_eq!(service.outcomes(), [Outcome::Lost, Outcome::Done]);
        service.passes(SignedDuration::from_mins(1));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        // What was put off by the later clock is due within a usual wait.
        service.passes(SignedDuration::from_hours(-2400));
        assert_eq!(outcome(worker.run_one().unwrap()), Some(Outcome::Done));
        assert_eq!(worker.run_one().unwrap(), None);
        assert_eq!(done(&service), Some(3));
    });
}

#[test]
fn workers_stop_when_they_are_asked() {
    on_each(|store| {
        let service = Service::new(store);
        let (begun, begins) = std::sync::mpsc::channel();
        let begun = Mutex::new(begun);
        let jobs = Does::jobs(move |context| {
            begun.lock().unwrap().send(()).unwrap();
            loop {
                context.go_on()?;
                thread::yield_now();
            }
        });
        let workers = Workers::start(&service.app, &jobs, 3);
        begins.recv().unwrap();
        workers.stop();
        // Another worker may have been about to claim what the first gave back: it stops as well.
        let outcomes = service.outcomes();
        assert!(!outcomes.is_empty() && outcomes.iter().all(|one| *one == Outcome::Stopped), "{outcomes:?}");
        assert_eq!(service.job().worker, None);
    });
}

#[test]
fn few_runs_are_kept() {
    on_each(|store| {
        let service = Service::new(store);
        let worker = service.worker(&Does::jobs(|_| Ok(())));
        for _ in 0..505 {
            worker.run_named("does").unwrap();
        }
        let kept = "SELECT count(*) FROM job_run";
        let read = |c: &mut tracker::database::Connection| c.query_one(kept, params![], |row| row.get(0));
        let kept: i64 = service.app.database.read::<_, DatabaseError>(read).unwrap();
        assert_eq!(kept, 500);
        let page = |before| store.database.read(|c| job::runs(c, "does", before, 2)).unwrap();
        let first = page(None);
        assert!(first[0].id > first[1].id && page(Some(first[1].id))[0].id < first[1].id);
    });
}
