//! Keys: how they are made, read from a header and found (panel-facts §3).

use serde::Deserialize;

use super::{incoming::Incoming, routes::Api, traits::Scheme, world::Permissions};

/// Length of the identifier, prefix included, in bytes.
pub(super) const IDENTIFIER_LENGTH: usize = 16;

/// Length of the secret, in bytes.
pub(super) const SECRET_LENGTH: usize = 32;

/// What a key was made for. The stored type counts, never the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyType {
    Client,
    Application,
    /// Types that older panels made: 0, 3 and 4.
    Legacy,
}

impl KeyType {
    /// Whether keys of this type were made for an API.
    pub(super) fn is_for(self, api: Api) -> bool {
        match self {
            Self::Client => api == Api::Client,
            Self::Application => api == Api::Application,
            Self::Legacy => false,
        }
    }
}

/// A key as the panel stores it.
#[derive(Clone)]
pub(super) struct StoredKey {
    /// The role that scenarios know it by, if any.
    pub role: Option<String>,
    pub identifier: String,
    pub secret: String,
    /// Name of the user it belongs to.
    pub owner: String,
    pub key_type: KeyType,
    pub permissions: Permissions,
    pub allowed_ips: Vec<String>,
    pub description: String,
    pub expired: bool,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds.
    pub last_used_at: Option<u64>,
}

impl StoredKey {
    /// The key as it goes after `Bearer `.
    pub(super) fn full(&self) -> String {
        format!("{}{}", self.identifier, self.secret)
    }

    /// Whether this is the key that was sent: the identifier in any case, the secret exactly.
    pub(super) fn is(&self, sent: &[u8]) -> bool {
        self.secret_in(sent) == Some(self.secret.as_bytes())
    }

    /// What was sent behind the identifier of this key, if that was sent. The database compares
    /// identifiers in any case.
    pub(super) fn secret_in<'s>(&self, sent: &'s [u8]) -> Option<&'s [u8]> {
        let (identifier, secret) = sent.split_at_checked(IDENTIFIER_LENGTH)?;
        let is_this = identifier.eq_ignore_ascii_case(self.identifier.as_bytes());
        is_this.then_some(secret)
    }
}

/// The token that a request carries.
pub(super) fn sent(incoming: &Incoming, scheme: Scheme) -> Option<&[u8]> {
    bearer(scheme, incoming.header("authorization")?)
}

/// The token in an `Authorization` header.
fn bearer(scheme: Scheme, header: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"Bearer ";
    let last = |same: fn(&[u8], &[u8]) -> bool| {
        let start = header
            .windows(SCHEME.len())
            .rposition(|part| same(part, SCHEME))?;
        let rest = &header[start + SCHEME.len()..];
        rest.split(|byte| *byte == b',').next()
    };
    let token = match scheme {
        Scheme::AtStart => header.strip_prefix(SCHEME)?,
        Scheme::Last => last(<[u8]>::eq)?,
        Scheme::LastInAnyCase => last(<[u8]>::eq_ignore_ascii_case)?,
    };
    (!token.is_empty()).then_some(token)
}

/// The key that was sent, if there is one.
pub(super) fn find<'a>(keys: &'a mut [StoredKey], sent: &[u8]) -> Option<&'a mut StoredKey> {
    keys.iter_mut().find(|key| key.is(sent))
}

/// A new identifier that begins with `prefix`. It has letters of both cases, as nearly every random
/// one: of another, it cannot be asked what a panel makes of an identifier in other letters.
pub(super) fn new_identifier(prefix: &str) -> Result<String, getrandom::Error> {
    let length = IDENTIFIER_LENGTH.saturating_sub(prefix.len());
    loop {
        let random = random_text(length)?;
        let has = |is: fn(&u8) -> bool| random.as_bytes().iter().any(is);
        if length < 2 || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
            return Ok(format!("{prefix}{random}"));
        }
    }
}

/// A new secret.
pub(super) fn new_secret() -> Result<String, getrandom::Error> {
    random_text(SECRET_LENGTH)
}

/// Random letters and digits, each equally likely.
pub(super) fn random_text(length: usize) -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; SECRET_LENGTH];
        getrandom::fill(&mut bytes)?;
        let letters = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)))
            .map(|letter| char::from(*letter));
        text.extend(letters.take(length - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{
        KeyType, Permissions, Scheme, StoredKey, bearer, find, new_identifier, new_secret,
    };

    const SECRET: &str = "0123456789abcdefghijABCDEFGHIJxy";

    fn alice() -> StoredKey {
        StoredKey {
            role: None,
            identifier: "ptlc_Alice000001".into(),
            secret: SECRET.into(),
            owner: "alice".into(),
            key_type: KeyType::Client,
            permissions: Permissions::default(),
            allowed_ips: Vec::new(),
            description: String::new(),
            expired: false,
            created_at: 0,
            last_used_at: None,
        }
    }

    fn accepts(scheme: Scheme, header: &str) -> bool {
        let found = |token| find(&mut [alice()], token).is_some();
        bearer(scheme, header.as_bytes()).is_some_and(found)
    }

    #[test]
    fn each_scheme_finds_the_key_where_it_looks() {
        use Scheme::{AtStart, Last, LastInAnyCase};
        const ALL: &[Scheme] = &[AtStart, Last, LastInAnyCase];
        const FROM_1_8: &[Scheme] = &[Last, LastInAnyCase];
        const FROM_1_12: &[Scheme] = &[LastInAnyCase];
        let key = alice().full();
        for (header, accepted_by) in [
            (format!("Bearer {key}"), ALL),
            (format!("Bearer {key}, foo"), FROM_1_8),
            (format!("Bearer Bearer {key}"), FROM_1_8),
            (format!("Basic abc, Bearer {key}"), FROM_1_8),
            (format!("bearer {key}"), FROM_1_12),
            (format!("BEARER {key}"), FROM_1_12),
            (format!("Bearer  {key}"), &[]),
            (format!("Bearer\t{key}"), &[]),
            (format!("Bearer \"{key}\""), &[]),
            (format!("Bearer 1|{key}"), &[]),
            (format!("Token {key}"), &[]),
            ("Bearer".into(), &[]),
            ("Bearer ".into(), &[]),
            (key, &[]),
        ] {
            for scheme in ALL {
                let expected = accepted_by.contains(scheme);
                assert_eq!(accepts(*scheme, &header), expected, "{scheme:?} {header}");
            }
        }
    }

    #[test]
    fn identifiers_match_in_any_case_and_secrets_exactly() {
        assert!(accepts(
            Scheme::Last,
            &format!("Bearer ptlc_alice000001{SECRET}")
        ));
        assert!(accepts(
            Scheme::Last,
            &format!("Bearer PTLC_ALICE000001{SECRET}")
        ));
        for key in [
            format!("ptlc_Alice000001{}", SECRET.to_uppercase()),
            format!("ptla_Alice000001{SECRET}"),
            format!("ptlc_Alice000001{SECRET}x"),
            format!("ptlc_Alice000001{}", &SECRET[1..]),
            "ptlc_Alice000001".into(),
            "é".repeat(4000),
            String::from("ptlc_\0"),
        ] {
            assert!(!accepts(Scheme::Last, &format!("Bearer {key}")), "{key}");
        }
    }

    #[test]
    fn new_keys_have_the_length_of_the_contract() {
        let identifier = new_identifier("ptlc_").expect("random bytes");
        assert!(identifier.starts_with("ptlc_"));
        assert_eq!(identifier.len(), 16);
        assert_eq!(new_secret().expect("random bytes").len(), 32);
    }

    #[test]
    fn every_identifier_can_be_written_in_other_letters() {
        for _ in 0..4000 {
            let identifier = new_identifier("ptlc_").expect("random bytes");
            let (small, large) = (identifier.to_lowercase(), identifier[5..].to_uppercase());
            assert!(
                identifier != small && identifier[5..] != large,
                "{identifier}"
            );
        }
        assert_eq!(new_identifier("fifteen_letters").expect("bytes").len(), 16);
    }
}
