//! The running service: a listener, and a stop that lets requests end.

use crate::app::App;
use crate::controllers;
use crate::database::{Database, DatabaseError, Limits, Location};
use crate::jobs::{Jobs, Workers};
use crate::{app::Clock, config::Config, config::Role};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// More jobs at once than this would only wait for each other.
const MOST_WORKERS: usize = 64;

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The database cannot be opened.
    #[error("cannot open the database")]
    Database(#[from] DatabaseError),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The data folder cannot be made.
    #[error("cannot make the data folder {}", path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot go on.
    #[error("the service cannot go on")]
    Io(#[from] io::Error),
}

/// Opens what the set-up names.
///
/// # Errors
/// Where the data folder cannot be made, or the database not opened.
pub fn open(config: Config, clock: Clock) -> Result<App, ServeError> {
    std::fs::create_dir_all(&config.data)
        .map_err(|source| ServeError::Folder { path: config.data.clone(), source })?;
    let location =
        config.database.as_deref().map_or_else(|| Location::in_folder(&config.data), Location::parse);
    let database = Database::open(&location, Limits::default())?;
    Ok(App::new(database, config, clock))
}

/// Serves until `stop` is done, and then lets the requests end that are there, and the jobs stop
/// where they can go on. `ready` is told the address, whose port the system may have chosen; a
/// process that only works has none.
///
/// # Errors
/// Where the address cannot be listened at.
pub fn serve(
    app: App,
    ready: impl FnOnce(Option<SocketAddr>),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let workers = match app.config.role {
        Role::Web => None,
        Role::All | Role::Worker => {
            Some(Workers::start(&app, &Jobs::of(&app.config), app.config.workers.clamp(1, MOST_WORKERS)))
        }
    };
    let served = runtime.block_on(async {
        if app.config.role == Role::Worker {
            ready(None);
            stop.await;
            return Ok(());
        }
        let address = app.config.listen;
        let wrong = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(wrong)?;
        ready(Some(listener.local_addr().map_err(wrong)?));
        let service = controllers::router(app).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(stop).await?;
        Ok(())
    });
    if let Some(workers) = workers {
        workers.stop();
    }
    served
}

/// Done when the process is asked to end (SIGTERM or SIGINT).
pub async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the signals end the process at once, which loses nothing.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
