//! Proxies, as the environment names them.

use crate::HttpErrorKind;
use crate::text::redacted;
use crate::url::Url;
use std::net::IpAddr;

/// The proxies for requests: which there are, and for what.
///
/// For `https://` the variables `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY` are asked
/// in this order, for `http://` the same with `http`. `no_proxy` or `NO_PROXY` names hosts that are
/// asked directly: names, which stand for all below them too, addresses, networks (`10.0.0.0/8`),
/// each with or without a port, or `*`.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    plain: Option<Setting>,
    encrypted: Option<Setting>,
    except: Vec<Exception>,
}

/// A variable and its value.
#[derive(Debug, Clone)]
struct Setting {
    variable: &'static str,
    value: String,
}

/// A proxy that a request goes through.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    /// For messages: without the password.
    pub(crate) name: String,
    /// As the library reads it.
    pub(crate) text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Http(Url),
    Socks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    All,
    /// In lower case, without a dot in front.
    Name(String),
    Network(IpAddr, u32),
}

impl Proxies {
    /// No proxy for anything.
    pub fn none() -> Self {
        Self::default()
    }

    /// What the process's environment says.
    pub fn from_environment() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// What variables say; `value` gives them.
    pub fn new(value: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 4]| {
            let set = |variable| Some(Setting { variable, value: value(variable)?.trim().to_owned() });
            // An empty one means that there is none.
            names.into_iter().find_map(set).filter(|setting| !setting.value.is_empty())
        };
        let except = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
        Self {
            plain: first(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            encrypted: first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: except.split([',', ' ']).filter_map(Exception::parse).collect(),
        }
    }

    /// The proxy for a URL, if there is one.
    pub(crate) fn of(&self, url: &Url) -> Result<Option<Proxy>, HttpErrorKind> {
        let setting = if url.encrypted { &self.encrypted } else { &self.plain };
        let Some(setting) = setting else { return Ok(None) };
        if self.except.iter().any(|exception| exception.is(url)) {
            return Ok(None);
        }
        setting.proxy().map(Some)
    }
}

impl Setting {
    fn proxy(&self) -> Result<Proxy, HttpErrorKind> {
        // Without a scheme it is an HTTP proxy, as everybody reads it.
        let text = match crate::scheme(&self.value) {
            Some(_) => self.value.clone(),
            None => format!("http://{}", self.value),
        };
        let shown = redacted(&text);
        let bad = |reason| {
            let (variable, proxy) = (self.variable, shown.clone());
            HttpErrorKind::Proxy { variable, proxy, reason }
        };
        let scheme = crate::scheme(&text).unwrap_or_default().to_ascii_lowercase();
        let kind = match scheme.as_str() {
            "http" | "https" => Kind::Http(Url::parse(&text).map_err(|_| bad("it is no URL of a server"))?),
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => Kind::Socks,
            _ => return Err(bad("its scheme is none of http, https, socks4, socks4a, socks5 and socks5h")),
        };
        let text = format!("{scheme}{}", text.get(scheme.len()..).unwrap_or_default());
        ureq::Proxy::new(&text).map_err(|_| bad("it is no URL of a server"))?;
        Ok(Proxy { name: format!("{shown} of {}", self.variable), text, kind })
    }
}

impl Proxy {
    /// The proxy's own URL, if it is one that is sent requests without encryption, so that it makes
    /// them for us (RFC 9112, section 3.2.2). Through others, connections are made.
    pub(crate) fn makes_requests(&self, url: &Url) -> Option<&Url> {
        match &self.kind {
            Kind::Http(proxy) if !url.encrypted && !proxy.encrypted => Some(proxy),
            _ => None,
        }
    }
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self { host: Host::All, port: None });
        }
        if let Some(host) = Host::network(text) {
            return Some(Self { host, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let host = Host::network(host).unwrap_or_else(|| {
            let name = host.strip_prefix('*').unwrap_or(host);
            Host::Name(name.trim_matches('.').to_ascii_lowercase())
        });
        Some(Self { host, port })
    }

    fn is(&self, url: &Url) -> bool {
        if self.port.is_some_and(|port| port != url.port()) {
            return false;
        }
        let host = url.host().trim_matches(['[', ']']);
        match &self.host {
            Host::All => true,
            Host::Network(network, bits) => {
                host.parse().is_ok_and(|address| in_network(address, *network, *bits))
            }
            Host::Name(name) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

impl Host {
    fn network(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        Some(Self::Network(address, bits.unwrap_or(all).min(all)))
    }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn name(variables: &[(&str, &str)], url: &str) -> Option<String> {
        proxies(variables).of(&Url::parse(url).unwrap()).unwrap().map(|proxy| proxy.name)
    }

    #[test]
    fn which_variable() {
        let all = [
            ("HTTP_PROXY", "http://plain"),
            ("https_proxy", "http://small"),
            ("HTTPS_PROXY", "http://large"),
            ("ALL_PROXY", "socks5://all"),
        ];
        assert_eq!(name(&all, "http://x/").unwrap(), "http://plain of HTTP_PROXY");
        assert_eq!(name(&all, "HTTPS://x/").unwrap(), "http://small of https_proxy");
        assert_eq!(name(&all[3..], "http://x/").unwrap(), "socks5://all of ALL_PROXY");
        assert_eq!(name(&[("https_proxy", ""), ("HTTPS_PROXY", "http://x")], "https://x/"), None);
        assert_eq!(name(&[("HTTP_PROXY", "http://x")], "https://x/"), None);
        let secret = name(&[("HTTPS_PROXY", "me:secret@proxy:3128")], "https://x/");
        assert_eq!(secret.unwrap(), "http://***@proxy:3128 of HTTPS_PROXY");
    }

    #[test]
    fn what_is_none_is_refused() {
        for value in ["ftp://proxy", "socks9://proxy", "http://", "http://pro xy", "socks5://"] {
            let found = proxies(&[("ALL_PROXY", value)]).of(&Url::parse("https://x/").unwrap());
            let Err(HttpErrorKind::Proxy { variable, proxy, .. }) = found else { panic!("{found:?}") };
            assert_eq!((variable, proxy.as_str()), ("ALL_PROXY", value));
        }
    }

    #[test]
    fn what_is_asked_directly() {
        let direct = |except: &str, url: &str| {
            name(&[("ALL_PROXY", "http://proxy"), ("NO_PROXY", except)], url).is_none()
        };
        for (except, url) in [
            ("*", "https://x/"),
            ("example.org", "https://example.org/"),
            ("example.org", "https://A.Example.org/"),
            (".example.org", "https://example.org/"),
            ("*.example.org", "https://a.example.org/"),
            ("a, example.org:8443 ,b", "https://example.org:8443/"),
            ("example.org:443", "https://example.org/"),
            ("10.0.0.0/8", "http://10.1.2.3/"),
            ("127.0.0.1", "http://127.0.0.1:99/"),
            ("::1", "http://[::1]:99/"),
            ("fd00::/8", "http://[fd12::1]/"),
            ("0.0.0.0/0", "http://9.9.9.9/"),
        ] {
            assert!(direct(except, url), "{except} {url}");
        }
        for (except, url) in [
            ("", "https://x/"),
            ("example.org", "https://notexample.org/"),
            ("example.org", "https://example.org.net/"),
            ("example.org:8443", "https://example.org/"),
            ("10.0.0.0/8", "http://11.1.2.3/"),
            ("10.0.0.0/8", "http://10.example.org/"),
            ("127.0.0.1", "http://127.0.0.10/"),
            ("0.0.0.0/0", "http://[::1]/"),
        ] {
            assert!(!direct(except, url), "{except} {url}");
        }
    }
}
