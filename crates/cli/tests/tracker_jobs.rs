//! `snowguard tracker job`, as real processes that are killed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};
use test_support::{Scratch, Snowguard, postgres_database, snowguard};
use tracker::database::{Database, DatabaseError, Limits, Location};
use tracker::models::job::{self, Outcome};
use tracker::params;

/// Several transactions' worth.
const RECORDS: u32 = 1800;

fn record(number: u32, minute: u32) -> String {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": format!("CVE-2024-{}", 10_000 + number), "state": "PUBLISHED",
            "assignerOrgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038",
            "dateUpdated": format!("2024-06-01T00:{minute:02}:00.000Z")},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "shortName": "acme"},
            "descriptions": [{"lang": "en", "value": format!("{minute} {}", "x".repeat(500))}],
            "affected": [{"vendor": "acme", "product": "frob", "defaultStatus": "affected"}],
        }},
    })
    .to_string()
}

struct Service {
    scratch: Scratch,
    program: Snowguard,
    database: Database,
}

impl Service {
    fn new(url: Option<String>) -> Self {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path("cves")).unwrap();
        std::fs::create_dir(scratch.path("data")).unwrap();
        let location =
            url.map_or_else(|| Location::in_folder(&scratch.path("data")), |url| Location::parse(&url));
        let name = match &location {
            Location::Sqlite(path) => path.display().to_string(),
            Location::Postgres(url) => url.clone(),
        };
        let config = format!(
            "data = 'data'\ndatabase = '{name}'\n[sources]\ncve-path = 'cves'\nnvd = ''\nkev = ''\nepss = ''\n"
        );
        scratch.write("tracker.toml", config);
        let database = Database::open(&location, Limits::default()).unwrap();
        let program = snowguard!().in_folder(scratch.folder());
        Self { scratch, program, database }
    }

    fn publish(&self, minute: u32) {
        for number in 0..RECORDS {
            self.scratch.write(&format!("cves/{number}.json"), record(number, minute));
        }
    }

    fn number(&self, sql: &str) -> i64 {
        self.database.read(|c| c.query_one::<_, DatabaseError>(sql, params![], |row| row.get(0))).unwrap()
    }

    /// How many records came with a change after this one.
    fn taken(&self, after: i64) -> i64 {
        let sql = "SELECT count(*) FROM record WHERE change > $1";
        let read = |c: &mut tracker::database::Connection| {
            c.query_one::<_, DatabaseError>(sql, params![after], |row| row.get(0))
        };
        self.database.read(read).unwrap()
    }

    /// Runs the job and kills it: at once, after some time, or in the middle of taking over.
    fn killed(&self, after: i64, moment: u32) {
        let mut command = self.program.command(["tracker", "job", "run", "cve", "--config", "tracker.toml"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let before = self.taken(after);
        let until = Instant::now() + Duration::from_mins(1);
        match moment {
            0..=2 => thread::sleep(Duration::from_millis(u64::from(moment) * 120)),
            _ => {
                while self.taken(after) == before && child.try_wait().unwrap().is_none() {
                    assert!(Instant::now() < until, "nothing is taken over");
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // As if the time of the lease had passed.
        let expire = "UPDATE job SET leased_until = 0 WHERE leased_until IS NOT NULL";
        self.database.write::<_, DatabaseError>(|t| t.execute(expire, params![])).unwrap();
    }

    fn run(&self) -> Value {
        let out =
            self.program.success(["tracker", "job", "run", "cve", "--config", "tracker.toml", "--json"]);
        serde_json::from_str(&out).unwrap()
    }
}

#[test]
fn a_killed_import_goes_on_and_loses_and_doubles_nothing() {
    for url in [None, Some(postgres_database())] {
        let service = Service::new(url);
        service.publish(1);
        for moment in 0..6 {
            service.killed(0, moment);
        }
        let ended = service.run();
        assert_eq!(ended["outcome"], "done", "{ended}");
        let all = i64::from(RECORDS);
        assert_eq!(service.number("SELECT count(*) FROM record"), all);
        assert_eq!(service.number("SELECT count(*) FROM cve"), all);
        // Numbers without gaps, and the first import is no news, however often it began.
        assert_eq!(service.number("SELECT count(DISTINCT change) FROM record"), all);
        assert_eq!(service.number("SELECT value FROM counter WHERE name = 'record'"), all);
        assert_eq!(service.number("SELECT count(*) FROM record_change"), 0);

        // All of them change: two fields each, noted once.
        service.publish(2);
        for moment in 2..6 {
            service.killed(all, moment);
        }
        service.run();
        assert_eq!(service.taken(all), all);
        assert_eq!(service.number("SELECT count(*) FROM record_change"), 2 * all);
        assert_eq!(service.number("SELECT value FROM counter WHERE name = 'record'"), 2 * all);
        let runs = service.database.read(|c| job::runs(c, "cve", None, 100)).unwrap();
        let outcome = |outcome| runs.iter().filter(|run| run.outcome == outcome).count();
        assert_eq!((outcome(Outcome::Running), outcome(Outcome::Failed)), (0, 0));
        assert!(outcome(Outcome::Lost) >= 2 && outcome(Outcome::Done) >= 2, "{runs:?}");
    }
}

#[test]
fn jobs_are_listed_and_run_by_name() {
    let service = Service::new(None);
    service.publish(1);
    let list = |more: &[&str]| {
        let arguments = [&["tracker", "job", "list", "--config", "tracker.toml"], more].concat();
        service.program.success(arguments)
    };
    let listed = list(&[]);
    let due = |line: &str| line.starts_with("cve ") && line.contains(" due ");
    assert!(listed.lines().any(due), "{listed}");
    let out = service.program.success(["tracker", "job", "run", "cve", "--config", "tracker.toml"]);
    assert!(out.contains("cve: done") && out.contains("1800 new"), "{out}");
    let found: Value = serde_json::from_str(&list(&["--json"])).unwrap();
    let found = found.as_array().unwrap().iter().find(|job| job["job"]["name"] == "cve").unwrap();
    assert_eq!(found["last-run"]["counts"]["new"], 1800);
    let wrong = ["tracker", "job", "run", "nonsense", "--config", "tracker.toml"];
    service.program.failure(wrong, 2, "there is no job \"nonsense\": there are cve, match, advisories");
    // A worker has it.
    let held = "UPDATE job SET worker = 'somebody', leased_until = 9999999999999";
    service.database.write::<_, DatabaseError>(|t| t.execute(held, params![])).unwrap();
    let run = ["tracker", "job", "run", "cve", "--config", "tracker.toml"];
    service.program.failure(run, 3, "another worker runs the job cve now");
}
