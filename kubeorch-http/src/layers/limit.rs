//! Requests per client address (contract 1.11).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;

use crate::api::Api;
use crate::options::{Options, Rate};
use crate::problem::Problem;

/// The most addresses that are remembered. A full bucket is the same as a forgotten one, so full ones make room
/// first; a flood from more addresses than this is beyond a limit per address, and all are forgotten.
const MAX_ADDRESSES: usize = 65_536;

pub(crate) async fn limit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if let Some(address) = client(&request, &api.options)
        && pattern.is_none_or(|pattern| pattern.contains("/v1/api/"))
    {
        let sign_in = pattern.is_some_and(|pattern| pattern.contains("/v1/api/auth/"));
        if !api.limiter.take(address) || (sign_in && !api.auth_limiter.take(address)) {
            return Problem::rate_limited().into_response();
        }
    }
    next.run(request).await
}

/// The peer, or, behind trusted proxies, the last address in `X-Forwarded-For` that is none of them.
fn client(request: &Request, options: &Options) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let mut address = peer.ip().to_canonical();
    if options.trusts(address) {
        for hop in hops(request.headers()) {
            address = hop;
            if !options.trusts(hop) {
                break;
            }
        }
    }
    Some(address)
}

/// The addresses of `X-Forwarded-For`, nearest first, up to the first that isn't one.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = IpAddr> {
    let lines = headers.get_all("x-forwarded-for").into_iter().rev();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.rsplit(','))
        .map_while(|hop| hop.trim().parse().ok())
        .map(|address: IpAddr| address.to_canonical())
}

/// Token buckets by address, kept as the time at which each will be full again (GCRA).
pub(crate) struct Limiter {
    rate: Option<Rate>,
    start: Instant,
    full_at: Mutex<HashMap<IpAddr, Duration>>,
}

impl Limiter {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { rate, start: Instant::now(), full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes a token; `false` when there is none.
    pub(crate) fn take(&self, address: IpAddr) -> bool {
        self.take_at(address, self.start.elapsed())
    }

    fn take_at(&self, address: IpAddr, now: Duration) -> bool {
        let Some(rate) = self.rate else { return true };
        let pause = Duration::from_secs(1) / rate.per_second.max(1);
        let mut full_at = self.full_at.lock();
        if full_at.len() >= MAX_ADDRESSES {
            full_at.retain(|_, at| *at > now);
            if full_at.len() >= MAX_ADDRESSES {
                full_at.clear();
            }
        }
        let at = full_at.entry(network(address)).or_insert(now);
        let next = (*at).max(now) + pause;
        let fits = next <= now + pause * rate.burst.max(1);
        if fits {
            *at = next;
        }
        fits
    }
}

/// One household has a whole /64 of IPv6; it counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_passes_then_the_rate() {
        let limiter = Limiter::new(Some(Rate { per_second: 10, burst: 20 }));
        let taken = |millis: u64, tries: usize, address: &str| {
            (0..tries).filter(|_| limiter.take_at(ip(address), Duration::from_millis(millis))).count()
        };
        assert_eq!(taken(0, 30, "10.0.0.1"), 20);
        assert_eq!(taken(0, 30, "10.0.0.2"), 20, "addresses do not share a bucket");
        assert_eq!(taken(100, 5, "10.0.0.1"), 1);
        assert_eq!(taken(150, 5, "10.0.0.1"), 0);
        assert_eq!(taken(10_000, 30, "10.0.0.1"), 20);
        assert_eq!(taken(10_000, 30, "2001:db8::1"), 20);
        assert_eq!(taken(10_000, 1, "2001:db8::2"), 0, "one /64 is one client");
        assert_eq!(taken(10_000, 1, "2001:db8:0:1::2"), 1);
    }

    #[test]
    fn remembers_a_bounded_number_of_addresses() {
        let limiter = Limiter::new(Some(Rate { per_second: 1, burst: 1 }));
        for number in 0..200_000_u32 {
            assert!(limiter.take_at(IpAddr::V4(number.into()), Duration::ZERO), "{number}");
        }
        assert!(limiter.full_at.lock().len() <= MAX_ADDRESSES);
    }

    #[test]
    fn forwarded_addresses_count_only_behind_trusted_proxies() {
        let options = Options { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Options::default() };
        for (peer, forwarded, expected) in [
            ("198.51.100.7:1", "203.0.113.9", "198.51.100.7"),
            ("10.0.0.1:1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1:1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.1:1", "1.2.3.4, nonsense, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1:1", "", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:1", "203.0.113.9", "203.0.113.9"),
        ] {
            let peer: SocketAddr = peer.parse().unwrap();
            let mut request =
                Request::builder().header("x-forwarded-for", forwarded).body(Body::empty()).unwrap();
            assert_eq!(client(&request, &options), None, "an unknown peer isn't limited");
            request.extensions_mut().insert(ConnectInfo(peer));
            assert_eq!(client(&request, &options), Some(ip(expected)), "{peer} {forwarded}");
        }
    }
}
