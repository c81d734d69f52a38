//! Addresses: what an allowed address may look like, and whose request it is (panel-facts §8).

use std::net::IpAddr;

use super::{incoming::Incoming, traits::Traits};

/// An inclusive range of addresses as bytes in network order.
///
/// The panel compares addresses byte by byte whatever their family: `0.0.0.0/0` admits every
/// IPv6 caller too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressRange {
    first: Vec<u8>,
    last: Vec<u8>,
}

/// Why an entry is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeError {
    /// No address can be read; refused politely when a key is made.
    Address,
    /// The prefix length does not fit; breaks the request.
    Prefix,
    /// The range ends before it begins; breaks the request.
    Reversed,
}

impl RangeError {
    /// The `code` when it breaks a request; older panels have one for all.
    pub(super) const fn code(self, traits: &Traits) -> &'static str {
        match self {
            _ if !traits.address_errors => "Exception",
            Self::Address => "IpException",
            Self::Prefix => "NetworkException",
            Self::Reversed => "RangeException",
        }
    }
}

impl AddressRange {
    /// Reads `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0 255.0.0.0`, `10.0.0.1-10.0.0.9`, `10.0.*.*`, a
    /// decimal number or `0x…`.
    pub(super) fn parse(entry: &str) -> Result<Self, RangeError> {
        if let Some((address, prefix)) = entry.split_once('/') {
            return Self::network(&bytes(address)?, &prefix_mask(prefix, address)?);
        }
        if let Some((address, mask)) = entry.split_once(' ') {
            return Self::network(&bytes(address)?, &bytes(mask)?);
        }
        if entry.contains('*') {
            return Self::between(&entry.replace('*', "0"), &entry.replace('*', "255"));
        }
        match entry.split_once('-') {
            Some((first, last)) => Self::between(first, last),
            None => Self::between(entry, entry),
        }
    }

    /// Whether the address is in the range.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = octets(address);
        self.first <= address && address <= self.last
    }

    fn between(first: &str, last: &str) -> Result<Self, RangeError> {
        let (first, last) = (bytes(first)?, bytes(last)?);
        if last < first {
            return Err(RangeError::Reversed);
        }
        Ok(Self { first, last })
    }

    fn network(address: &[u8], mask: &[u8]) -> Result<Self, RangeError> {
        if mask.len() != address.len() {
            return Err(RangeError::Prefix);
        }
        let pairs = || address.iter().zip(mask);
        Ok(Self {
            first: pairs().map(|(byte, mask)| byte & mask).collect(),
            last: pairs().map(|(byte, mask)| byte | !mask).collect(),
        })
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The bytes of one address in any of its spellings.
fn bytes(text: &str) -> Result<Vec<u8>, RangeError> {
    if let Some(digits) = text.strip_prefix("0x") {
        let number = u32::from_str_radix(digits, 16).map_err(|_| RangeError::Address)?;
        return Ok(number.to_be_bytes().to_vec());
    }
    if let Ok(number) = text.parse::<u32>() {
        return Ok(number.to_be_bytes().to_vec());
    }
    text.parse().map(octets).map_err(|_| RangeError::Address)
}

fn prefix_mask(prefix: &str, address: &str) -> Result<Vec<u8>, RangeError> {
    let width = if address.contains(':') { 128 } else { 32 };
    let length: u32 = prefix.parse().map_err(|_| RangeError::Prefix)?;
    if length > width {
        return Err(RangeError::Prefix);
    }
    let ones = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Ok(ones.to_be_bytes()[..width as usize / 8].to_vec())
}

/// The address that a request counts as: that of the peer, or, if trusted proxies sent it, the
/// right-most one in `X-Forwarded-For` that is none of them. No other header is looked at.
pub(super) fn caller(incoming: &Incoming, trusted_proxies: &[String]) -> IpAddr {
    let peer = incoming.peer;
    if !is_trusted(peer, peer, trusted_proxies) {
        return peer;
    }
    let forwarded = incoming.text("x-forwarded-for").unwrap_or_default();
    let hops = forwarded
        .rsplit(',')
        .filter_map(|hop| hop.trim().parse().ok());
    let mut furthest = peer;
    for hop in hops {
        furthest = hop;
        if !is_trusted(hop, peer, trusted_proxies) {
            break;
        }
    }
    furthest
}

/// Whether a hop is a trusted proxy; `*` trusts the peer and no other.
fn is_trusted(hop: IpAddr, peer: IpAddr, trusted_proxies: &[String]) -> bool {
    trusted_proxies.iter().any(|proxy| match proxy.as_str() {
        "*" => hop == peer,
        range => AddressRange::parse(range).is_ok_and(|range| range.contains(hop)),
    })
}

#[cfg(test)]
mod tests {
    use super::{AddressRange, Incoming, RangeError, caller};

    fn admits(entry: &str, address: &str) -> bool {
        let range = AddressRange::parse(entry).expect(entry);
        range.contains(address.parse().expect("an address"))
    }

    #[test]
    fn every_spelling_of_a_range_is_read() {
        for (entry, inside, outside) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.7/30", "10.0.0.4", "10.0.0.8"),
            ("10.0.0.7/30", "10.0.0.7", "10.0.0.3"),
            ("10.0.0.0 255.255.0.0", "10.0.9.9", "10.1.0.0"),
            ("10.0.0.1-10.0.0.9", "10.0.0.9", "10.0.0.10"),
            ("10.0.*.*", "10.0.255.1", "10.1.0.0"),
            ("167772161", "10.0.0.1", "10.0.0.2"),
            ("0x0a000001", "10.0.0.1", "10.0.0.2"),
            ("::1", "::1", "::2"),
            ("2001:db8::/32", "2001:db8:1::", "2001:db9::"),
            ("10.0.0.1/32", "10.0.0.1", "10.0.0.2"),
            ("::1/128", "::1", "::2"),
        ] {
            assert!(admits(entry, inside), "{entry} admits {inside}");
            assert!(!admits(entry, outside), "{entry} refuses {outside}");
        }
    }

    #[test]
    fn families_are_compared_byte_by_byte() {
        assert!(admits("0.0.0.0/0", "2001:db8::1"));
        assert!(admits("2a00::/12", "42.1.2.3"));
        assert!(admits("32.0.0.0/8", "2001:db8::1"));
        assert!(!admits("10.0.0.1", "::ffff:10.0.0.1"));
    }

    #[test]
    fn bad_entries_have_their_own_errors() {
        for (entry, error) in [
            ("not-an-ip", RangeError::Address),
            ("", RangeError::Address),
            ("10.0.0.0/99", RangeError::Prefix),
            ("10.0.0.0/33", RangeError::Prefix),
            ("::/129", RangeError::Prefix),
            ("10.0.0.9-10.0.0.1", RangeError::Reversed),
        ] {
            assert_eq!(AddressRange::parse(entry), Err(error), "{entry}");
        }
    }

    #[test]
    fn only_trusted_proxies_may_name_the_caller() {
        let caller = |forwarded: &str, trusted: &[&str]| {
            let headers = [("x-forwarded-for", forwarded), ("x-real-ip", "10.1.1.1")];
            let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
            caller(&Incoming::for_tests("GET", "/", &headers, ""), &trusted).to_string()
        };
        assert_eq!(caller("10.9.9.9", &[]), "127.0.0.1");
        assert_eq!(caller("10.9.9.9", &["*"]), "10.9.9.9");
        assert_eq!(caller("10.9.9.9, 127.0.0.1", &["*"]), "10.9.9.9");
        assert_eq!(caller("10.9.9.9", &["127.0.0.0/8"]), "10.9.9.9");
        assert_eq!(
            caller("10.9.9.9, 198.51.100.7", &["127.0.0.1"]),
            "198.51.100.7"
        );
        assert_eq!(caller("nonsense", &["*"]), "127.0.0.1");
        assert_eq!(caller("10.9.9.9", &["192.0.2.1"]), "127.0.0.1");
    }
}
