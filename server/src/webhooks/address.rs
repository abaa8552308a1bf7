//! Which addresses a webhook may go to. A name is looked up once, here, and the connection goes to what was checked, so a
//! name that changes its mind in between gets nowhere. Private addresses take permission: whoever may name a target must
//! not thereby reach what stands behind the gateway's firewall, such as a cloud's metadata service.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Looks names up and leaves out what may not be called.
pub(super) struct Guarded {
    /// Whether private addresses may be called, too.
    pub(super) private: bool,
}

/// Nothing that may be called.
#[derive(Debug, thiserror::Error)]
#[error("it is at a private address, {0}; set webhook_private = true if that is meant")]
pub(super) struct Private(IpAddr);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|a| private || is_public(a.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(first)) => Err(Box::new(Private(first.ip())) as Box<dyn std::error::Error + Send + Sync>),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// Refuses a host that is itself a private address: that is not looked up.
pub(super) fn check(host: &str, private: bool) -> Result<(), Private> {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) if !private && !is_public(ip) => Err(Private(ip)),
        _ => Ok(()),
    }
}

/// Whether an address belongs to the internet at large: not to this machine, its networks, or nobody (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let reserved = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0);
    let shared = a == 100 && (64..128).contains(&b);
    let benchmarks = a == 198 && (18..20).contains(&b);
    !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_multicast() || ip.is_documentation())
        && !(reserved || shared || benchmarks)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let embedded = |shift: u32| Ipv4Addr::from_bits(u32::try_from((ip.to_bits() >> shift) & 0xffff_ffff).unwrap_or(0));
    match (first, second) {
        // NAT64 and 6to4 lead to the address of version 4 within.
        (0x64, 0xff9b) => is_public_v4(embedded(0)),
        (0x2002, _) => is_public_v4(embedded(80)),
        // Teredo hides its own; the next is for documentation.
        (0x2001, 0 | 0xdb8) => false,
        // Global unicast is what is left of 2000::/3.
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_at_large_is_public() {
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2002:808:808::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_number_is_checked_and_a_name_is_left_to_the_resolver() {
        assert!(check("[::1]", false).is_err() && check("127.0.0.1", false).is_err());
        assert!(
            check("127.0.0.1", true).is_ok() && check("localhost", false).is_ok() && check("8.8.8.8", false).is_ok()
        );
    }

    #[tokio::test]
    async fn a_name_of_this_machine_resolves_to_nothing_unless_allowed() {
        let ask = async |private| Guarded { private }.resolve("localhost".parse().unwrap()).await;
        let Err(why) = ask(false).await else { panic!("it was resolved") };
        assert!(why.to_string().contains("webhook_private"), "{why}");
        assert!(ask(true).await.unwrap().count() > 0);
    }
}
