//! Panels of a list that stand on one host: whether they are one, whose limits would be spent twice.

use std::collections::BTreeMap;

use url::{Host, Url};

use crate::target::Listed;

/// The panels of a list, by their hosts.
#[derive(Default)]
pub(super) struct Neighbours(BTreeMap<String, Vec<Member>>);

/// A panel on a host.
struct Member {
    name: String,
    place: String,
    base: String,
    port: u16,
}

/// The ports of both schemes: who answers at one of them answers at the other.
const USUAL: [u16; 2] = [80, 443];

impl Neighbours {
    /// Adds a panel at an address.
    ///
    /// # Errors
    ///
    /// When it is another one's panel, or at one's address: they would spend the same limits.
    pub(super) fn add(&mut self, listed: &Listed, base: &str) -> Result<(), String> {
        let Ok(url) = Url::parse(base) else {
            return Ok(());
        };
        let member = Member {
            name: listed.name.clone(),
            place: listed.place.clone(),
            base: base.to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
        };
        let others = self.0.entry(host(&url)).or_default();
        let other = others.iter().find(|other| other.is_at_the_door_of(&member));
        let told = other.map(|other| {
            if other.base == member.base {
                format!("it is the panel of {}", other.place)
            } else {
                format!(
                    "{base} is at the address of {} ({}), so that both would spend the same limits; take one of \
                     them out, or test it in a run of its own",
                    other.base, other.place
                )
            }
        });
        others.push(member);
        told.map_or(Ok(()), Err)
    }

    /// Says which panels share a host: each keeps to its own pace, and the host gets them all.
    pub(super) fn tell(&self) {
        let crowded = self
            .0
            .iter()
            .filter(|(host, all)| all.len() > 1 && *host != HERE);
        for (host, all) in crowded {
            let names: Vec<_> = all.iter().map(|member| member.name.as_str()).collect();
            tell!(
                "note: {} are on one host, {host}, which gets the requests of all of them at once; each keeps to a \
                 pace of its own (--rate)",
                names.join(", ")
            );
        }
    }
}

impl Member {
    fn is_at_the_door_of(&self, other: &Self) -> bool {
        let is_usual = |one: &Self| USUAL.contains(&one.port);
        self.port == other.port || (is_usual(self) && is_usual(other))
    }
}

/// What this machine is called, by whatever name; there is no pace on it.
const HERE: &str = "127.0.0.1";

fn host(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain("localhost")) | None => HERE.to_owned(),
        Some(host) => host.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn listed(name: &str) -> Listed {
        Listed {
            place: format!("list:{name}"),
            name: name.to_owned(),
            file: name.into(),
            allow: BTreeSet::new(),
        }
    }

    /// What is said of the second of two.
    fn second(one: &str, other: &str) -> Result<(), String> {
        let mut all = Neighbours::default();
        all.add(&listed("one"), one).unwrap();
        all.add(&listed("other"), other)
    }

    #[test]
    fn one_address_is_one_panel() {
        let same = "it is the panel of list:one";
        let at = "is at the address of ";
        for (one, other, wanted) in [
            ("https://a.example", "https://a.example", same),
            ("https://a.example/x", "https://a.example/y", at),
            ("https://a.example", "http://a.example", at),
            ("http://localhost:8080", "http://127.0.0.1:8080", at),
        ] {
            let told = second(one, other).unwrap_err();
            assert!(told.contains(wanted), "{one} {other}: {told}");
        }
    }

    #[test]
    fn one_host_is_not_one_panel() {
        for (one, other) in [
            ("https://a.example:8443", "https://a.example:9443"),
            ("https://a.example", "https://a.example:8443"),
            ("https://a.example", "https://b.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081"),
        ] {
            assert_eq!(second(one, other), Ok(()), "{one} {other}");
        }
    }
}
