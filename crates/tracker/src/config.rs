//! How the service is set up: `tracker.toml`, with defaults for all of it.

use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use vulnerability_db::{SourceKind, SourceUrls};

/// The most bytes of the file.
const MAXIMUM: u64 = 1 << 20;

/// The set-up.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The data folder: the database where none is named, the search index, copies of sources.
    pub data: PathBuf,
    /// A `postgres://` URL, or a path.
    pub database: Option<String>,
    /// How the service is reached from outside, such as `https://tracker.example.org`. Cookies are
    /// only sent over TLS if it begins with `https`.
    pub url: Option<String>,
    /// What the site calls itself.
    pub title: String,
    /// Who may be asked: shown at the foot of each page.
    pub contact: Option<String>,
    /// The file of the key that signs CSAF documents; without one they are not signed.
    pub csaf_key: Option<PathBuf>,
    /// What this process does.
    pub role: Role,
    /// How many jobs run at once.
    pub workers: usize,
    /// Where vulnerabilities come from.
    pub sources: Sources,
    /// Proxies before the service, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How many requests an address may make in a minute; 0 for any number.
    pub requests_per_minute: u32,
}

/// Where vulnerabilities come from. A source whose address is empty is left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Sources {
    /// The folder `cves` of the CVE list, as a URL: `deltaLog.json` and a file a record.
    pub cve: String,
    /// The releases of the CVE list, as GitHub's API describes them.
    pub cve_releases: String,
    /// A checkout or an archive of the CVE list, which is read instead of both.
    pub cve_path: Option<PathBuf>,
    /// The feeds of the NVD, in format 2.0.
    pub nvd: String,
    /// CISA's catalogue of known exploited vulnerabilities.
    pub kev: String,
    /// The EU's catalogue of known exploited vulnerabilities, as JSON. Left out unless named.
    pub eu_kev: String,
    /// FIRST's scores.
    pub epss: String,
    /// Certificates (PEM) of the authorities that may sign for servers, instead of Mozilla's.
    pub certificates: Option<PathBuf>,
}

impl Default for Sources {
    fn default() -> Self {
        let SourceUrls { cve, cve_releases, nvd, kev, epss, .. } = SourceUrls::default();
        Self { cve, cve_releases, cve_path: None, nvd, kev, eu_kev: String::new(), epss, certificates: None }
    }
}

impl Sources {
    /// Whether a source is named.
    pub fn has(&self, kind: SourceKind) -> bool {
        match kind {
            SourceKind::Cve => self.cve_path.is_some() || !self.cve.is_empty(),
            SourceKind::Nvd => !self.nvd.is_empty(),
            SourceKind::Kev => !self.kev.is_empty(),
            SourceKind::Epss => !self.epss.is_empty(),
        }
    }

    /// The addresses.
    pub fn urls(&self) -> SourceUrls {
        let mut urls = SourceUrls::default();
        urls.cve.clone_from(&self.cve);
        urls.cve_releases.clone_from(&self.cve_releases);
        urls.nvd.clone_from(&self.nvd);
        urls.kev.clone_from(&self.kev);
        urls.epss.clone_from(&self.epss);
        urls
    }
}

/// What a process of the service does. Several that share a database share the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Pages and jobs.
    All,
    /// Pages only.
    Web,
    /// Jobs only; it does not listen.
    Worker,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            data: PathBuf::from("."),
            database: None,
            url: None,
            title: "Snowguard".to_owned(),
            contact: None,
            csaf_key: None,
            role: Role::All,
            workers: 2,
            sources: Sources::default(),
            trusted_proxies: Vec::new(),
            requests_per_minute: 1200,
        }
    }
}

/// Why a set-up cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: files::ReadError,
    },
    /// The file is no set-up.
    #[error("{} is no configuration of the tracker", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong there.
        #[source]
        source: Box<toml::de::Error>,
    },
}

impl Config {
    /// Whether the service is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, has a setting that is unknown, or one of the wrong type.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |source| ConfigError::Read { path: path.to_path_buf(), source };
        let text = files::read_text(path, MAXIMUM).map_err(wrong)?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_path_buf(), source: Box::new(source) })
    }
}
