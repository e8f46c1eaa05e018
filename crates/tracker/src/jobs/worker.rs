//! Who runs jobs: takes the lease of one that is due, renews it, and notes how the run ended.

use super::{Job, JobContext, JobError, Jobs, Stop};
use crate::app::App;
use crate::database::{Connection, DatabaseError, Transaction};
use crate::models::job::{self, Claim, Counts, End, LEASE, Outcome};
use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So often a worker looks whether something is due: another one may have failed, or a person may
/// have asked for a run.
const LOOK: Duration = Duration::from_secs(5);
/// After an error of the database it is left in peace for so long.
const PEACE: Duration = Duration::from_secs(10);
/// Workers that were asked to stop are waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most characters of an error that are kept.
const LONGEST_ERROR: usize = 4000;

/// One that runs jobs, one after the other.
#[derive(Clone)]
pub struct Worker {
    app: App,
    jobs: Jobs,
    name: String,
    stop: Stop,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The job.
    pub job: String,
    /// How.
    pub outcome: Outcome,
    /// What was counted.
    pub counts: Counts,
    /// Why it failed.
    pub error: Option<String>,
}

impl Worker {
    /// A worker under a name that no other has.
    pub fn new(app: App, jobs: Jobs, stop: Stop) -> Self {
        let host = files::read_text("/proc/sys/kernel/hostname".as_ref(), 256).unwrap_or_default();
        let process = std::process::id();
        let name = format!("{}-{process}-{:08x}", terminal::clean(host.trim()), random_bits() >> 32);
        Self { app, jobs, name, stop }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes its jobs known.
    ///
    /// # Errors
    /// Those of the database.
    pub fn register(&self) -> Result<(), DatabaseError> {
        let names: Vec<&str> = self.jobs.iter().map(Job::name).collect();
        self.app.database.write(|transaction| job::register(transaction, &names, self.app.now()))
    }

    /// Runs what is due until it is asked to stop.
    pub fn run(&self) {
        let mut registered = false;
        while !self.stop.is_asked() {
            let done = if registered { self.run_one() } else { self.register().map(|()| None) };
            match done {
                Ok(Some(_)) => {}
                Ok(None) if registered => drop(self.stop.wait(LOOK)),
                Ok(None) => registered = true,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "a worker cannot use the database");
                    self.stop.wait(PEACE);
                }
            }
        }
    }

    /// Runs the job that is due for longest, if one is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn run_one(&self) -> Result<Option<Ended>, DatabaseError> {
        let (schedules, now) = (self.jobs.schedules(), self.app.now());
        // Reading disturbs nobody, and mostly there is nothing to do.
        let look = |connection: &mut Connection| job::all(connection);
        if job::plan(&self.app.database.read(look)?, &schedules, now).is_empty() {
            return Ok(None);
        }
        let claim = |transaction: &mut Transaction<'_>| {
            job::claim(transaction, &schedules, &self.name, now, random())
        };
        match self.app.database.write(claim)? {
            Some(claim) => self.run_claimed(&claim).map(Some),
            None => Ok(None),
        }
    }

    /// Runs a job now, due or not; `None` if another worker runs it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn run_named(&self, name: &str) -> Result<Option<Ended>, DatabaseError> {
        let (schedules, now) = (self.jobs.schedules(), self.app.now());
        let claim = |transaction: &mut Transaction<'_>| {
            job::claim_named(transaction, &schedules, name, &self.name, now)
        };
        match self.app.database.write(claim)? {
            Some(claim) => self.run_claimed(&claim).map(Some),
            None => Ok(None),
        }
    }

    fn run_claimed(&self, claim: &Claim) -> Result<Ended, DatabaseError> {
        let (lost, over) = (Stop::default(), Stop::default());
        let mut context = JobContext::new(&self.app, claim, &self.stop, &lost);
        let job = self.jobs.named(&claim.job);
        let result = thread::scope(|scope| {
            scope.spawn(|| self.keep(claim, &lost, &over));
            let run = || match job {
                Some(job) => job.run(&mut context),
                None => Err(JobError::other("this program has no such job")),
            };
            let result = catch_unwind(AssertUnwindSafe(run));
            over.ask();
            result.unwrap_or_else(|panic| Err(JobError::other(format!("it panicked: {}", said(&*panic)))))
        });
        let counts = context.into_counts();
        self.finish(claim, job, counts, &result)
    }

    /// Renews a lease until the run is over.
    fn keep(&self, claim: &Claim, lost: &Stop, over: &Stop) {
        // Two may fail before it is too late.
        let rhythm = Duration::try_from(LEASE / 3).unwrap_or(LOOK);
        while !over.wait(rhythm) {
            let now = self.app.now();
            match self.app.database.write(|transaction| job::renew(transaction, claim, now)) {
                Ok(true) => {}
                Ok(false) => return lost.ask(),
                Err(error) => {
                    tracing::warn!(job = claim.job, error = chain(&error), "a lease cannot be renewed");
                }
            }
        }
    }

    fn finish(
        &self,
        claim: &Claim,
        job: Option<&dyn Job>,
        counts: Counts,
        result: &Result<(), JobError>,
    ) -> Result<Ended, DatabaseError> {
        let now = self.app.now();
        let schedule = job.map(Job::schedule).unwrap_or_default();
        let (outcome, error) = match result {
            Ok(()) => (Outcome::Done, None),
            Err(JobError::Stopped) => (Outcome::Stopped, None),
            Err(JobError::LeaseLost) => (Outcome::Lost, Some(chain(&JobError::LeaseLost))),
            Err(error) => (Outcome::Failed, Some(chain(error))),
        };
        let next_at = match outcome {
            Outcome::Done => job::after_success(schedule, now, random()),
            Outcome::Failed => job::after_failure(schedule, claim.failures.saturating_add(1), now, random()),
            _ => now,
        };
        let ended = Ended { job: claim.job.clone(), outcome, counts, error };
        // Whoever took the lease has noted how this run ended.
        if outcome != Outcome::Lost {
            let end = End { outcome, counts: &ended.counts, error: ended.error.as_deref(), next_at };
            self.app.database.write(|transaction| job::finish(transaction, claim, &end, now))?;
        }
        match &ended.error {
            None => tracing::info!(job = ended.job, outcome = outcome.name(), "a job ended"),
            Some(error) => tracing::warn!(job = ended.job, outcome = outcome.name(), error, "a job ended"),
        }
        Ok(ended)
    }
}

/// Workers on threads of their own.
#[derive(Debug)]
pub struct Workers {
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many.
    pub fn start(app: &App, jobs: &Jobs, number: usize) -> Self {
        let stop = Stop::default();
        let start = |_| {
            let worker = Worker::new(app.clone(), jobs.clone(), stop.clone());
            thread::spawn(move || worker.run())
        };
        Self { threads: (0..number).map(start).collect(), stop }
    }

    /// Asks them to stop, and waits until they have, or until it has been long enough: a download
    /// cannot be asked. What is in a transaction then is not written, and the lease is lost.
    pub fn stop(self) {
        self.stop.ask();
        let until = Instant::now() + PATIENCE;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        // A panic of a worker is in the log already.
        self.threads.into_iter().filter(JoinHandle::is_finished).for_each(|thread| drop(thread.join()));
    }
}

/// An error with all its sources, as it may be stored and shown.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    terminal::clean(&text).chars().take(LONGEST_ERROR).collect()
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

fn random_bits() -> u64 {
    // Without random numbers all wait for equally long: a nuisance, not a danger.
    getrandom::u64().unwrap_or(0)
}

/// From 0 up to 1.
fn random() -> f64 {
    f64::from(u32::try_from(random_bits() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
