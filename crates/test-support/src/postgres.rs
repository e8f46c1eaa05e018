//! A PostgreSQL server for tests, with a database for each that asks.

use crate::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Names the server of a whole run, so that not every test binary starts one: a folder with its
/// socket.
const SHARED: &str = "SNOWGUARD_TEST_POSTGRES";

/// A server that listens on a socket in a folder of its own. It ends with its owner, or, if that is
/// killed, with its process.
#[derive(Debug)]
pub struct Postgres {
    folder: Scratch,
    process: std::process::Child,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let folder = Scratch::new();
        let data = folder.path("data");
        if is_root() {
            // PostgreSQL refuses to be root.
            run(Command::new("chown").arg("postgres:postgres").arg(folder.folder()));
        }
        run(as_user(&program("initdb"))
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres", "-D"])
            .arg(&data));
        let process = Self::spawn(&folder);
        let server = Self { folder, process };
        server.wait();
        server
    }

    fn spawn(folder: &Scratch) -> std::process::Child {
        let mut command = as_user(&program("postgres"));
        command
            .arg("-D")
            .arg(folder.path("data"))
            .arg("-k")
            .arg(folder.folder())
            .args(["-c", "listen_addresses=", "-c", "max_connections=400", "-c", "fsync=off"])
            .args(["-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal"]);
        // The signal comes when the thread ends that started it. Tests' threads do, this one stays.
        let (send, receive) = std::sync::mpsc::channel();
        thread::spawn(move || {
            send.send(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()).unwrap();
            loop {
                thread::park();
            }
        });
        receive.recv().unwrap()
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.query("postgres", "SELECT 1").is_ok_and(|out| out.trim() == "1") {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        run(Command::new("kill").args(["-QUIT", &self.process.id().to_string()]));
        self.process.wait().unwrap();
    }

    /// Starts it again after [`stop`](Self::stop).
    pub fn start_again(&mut self) {
        self.process = Self::spawn(&self.folder);
        self.wait();
    }

    /// The folder with its socket.
    pub fn socket(&self) -> &Path {
        self.folder.folder()
    }

    fn query(&self, database: &str, sql: &str) -> Result<String, String> {
        query(self.socket(), database, sql)
    }

    /// Makes an empty database. Gives its URL.
    pub fn database(&self) -> String {
        create(self.socket())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// An empty database on the run's server, or on one that this process starts. Gives its URL.
pub fn postgres_database() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    match std::env::var_os(SHARED) {
        Some(folder) => create(Path::new(&folder)),
        None => SERVER.get_or_init(Postgres::start).database(),
    }
}

fn create(socket: &Path) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    query(socket, "postgres", &format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
    let folder = socket.to_str().unwrap().replace('/', "%2F");
    format!("postgresql://postgres@{folder}/{name}")
}

fn query(socket: &Path, database: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-U", "postgres", "--no-psqlrc", "-qAt", "-h"])
        .arg(socket)
        .args(["-d", database, "-c", sql])
        .output()
        .expect("psql is missing: apt-get install postgresql");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A program of the newest PostgreSQL that Debian has put here.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("apt-get install postgresql");
    let mut found: Vec<PathBuf> =
        versions.map(|entry| entry.unwrap().path().join("bin").join(name)).filter(|p| p.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("{name} is missing: apt-get install postgresql"))
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t0"))
}

/// The program as an ordinary user, ended when we end.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=QUIT");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
