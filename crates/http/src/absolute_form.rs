//! Requests that a proxy makes for us: they are sent to the proxy, with the whole URL in their
//! first line (RFC 9112, section 3.2.2). The library would ask the proxy for a connection instead,
//! which many proxies refuse for servers without encryption.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Whatever server is asked for, gives the addresses of the proxy.
#[derive(Debug)]
pub(crate) struct ProxyResolver {
    proxy: Uri,
    resolver: DefaultResolver,
}

impl ProxyResolver {
    pub(crate) fn new(proxy: Uri) -> Self {
        Self { proxy, resolver: DefaultResolver::default() }
    }
}

impl Resolver for ProxyResolver {
    fn resolve(
        &self,
        _: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.resolver.resolve(&self.proxy, config, timeout)
    }
}

/// Completes the first line of the first request of each connection.
#[derive(Debug)]
pub(crate) struct ToProxy;

#[derive(Debug)]
pub(crate) struct ProxyTransport<T> {
    inner: T,
    /// What the first line lacks, until it is sent.
    origin: Option<String>,
}

impl<In: Transport> Connector<In> for ToProxy {
    type Out = ProxyTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let origin = Some(format!("http://{authority}"));
        Ok(chained.map(|inner| ProxyTransport { inner, origin }))
    }
}

impl<T: Transport> Transport for ProxyTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let Some(origin) = self.origin.take() else { return self.inner.transmit_output(amount, timeout) };
        let output = self.inner.buffers().output();
        let head = output.get(..amount).unwrap_or(output);
        // `GET /path HTTP/1.1`: the URL begins behind the method.
        let method = head.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
        let (method, rest) = head.split_at(method);
        let head = [method, origin.as_bytes(), rest].concat();
        let mut left = head.as_slice();
        while !left.is_empty() {
            let output = self.inner.buffers().output();
            let (part, rest) = left.split_at(left.len().min(output.len()));
            let Some(place) = output.get_mut(..part.len()).filter(|place| !place.is_empty()) else { break };
            place.copy_from_slice(part);
            self.inner.transmit_output(part.len(), timeout)?;
            left = rest;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}
