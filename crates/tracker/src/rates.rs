//! How often somebody may ask: a bucket of tokens for each key, which fills with time.

use jiff::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// The most keys that are remembered. Beyond it, full buckets are forgotten, then all.
const MOST: usize = 50_000;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// All requests from an address.
    Client(IpAddr),
    /// Attempts to sign in from an address.
    SignIn(IpAddr),
    /// Attempts to sign in to an account.
    Account(String),
}

impl Key {
    /// Of IPv6, a subscriber has a whole /64.
    fn network(address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        }
    }

    pub(crate) fn client(address: IpAddr) -> Self {
        Self::Client(Self::network(address))
    }

    pub(crate) fn sign_in(address: IpAddr) -> Self {
        Self::SignIn(Self::network(address))
    }
}

/// So many at once, and so many a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) per_minute: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// All buckets.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<Key, Bucket>>);

impl Rates {
    /// Takes one from a bucket. Where it is empty, gives the seconds until there is another.
    pub(crate) fn take(&self, key: Key, rate: Rate, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
            if buckets.len() >= MOST {
                buckets.clear();
            }
        }
        let full = f64::from(rate.burst);
        let per_second = f64::from(rate.per_minute) / 60.0;
        let bucket = buckets.entry(key).or_insert(Bucket { left: full, at: now });
        // A clock that was set back fills nothing, and locks nobody out.
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = (bucket.left + passed * per_second).min(full);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is small and positive"
        )]
        Err(((1.0 - bucket.left) / per_second.max(1e-3)).ceil().min(3600.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap_or_default()
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rates, rate) = (Rates::default(), Rate { burst: 3, per_minute: 6 });
        let take = |second| rates.take(Key::Account("ada".to_owned()), rate, at(second));
        assert_eq!([take(0), take(0), take(0), take(0)], [Ok(()), Ok(()), Ok(()), Err(10)]);
        assert_eq!([take(9), take(10), take(10)], [Err(1), Ok(()), Err(10)]);
        // The clock is set back, and goes on.
        assert_eq!([take(-100), take(-90)], [Err(10), Ok(())]);
        assert_eq!(rates.take(Key::Account("bob".to_owned()), rate, at(0)), Ok(()));
    }

    #[test]
    fn neighbours_in_a_network_of_ipv6_are_one() {
        let key = |text: &str| text.parse().map(Key::client).ok();
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
