//! Ids that are encoded UUIDs: `serv_…` and `user_…` (group 18).

/// Length of a UUID in bytes.
const UUID_LENGTH: usize = 16;

/// Base 32 in lower case, without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The text decodes to something that is no UUID, which breaks the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoUuid;

/// The id of a thing with this UUID; `prefix` includes the underscore.
pub(super) fn encode(prefix: &str, uuid: &str) -> String {
    let mut text = prefix.to_owned();
    let bits: Vec<u8> = uuid
        .bytes()
        .filter_map(hexadecimal)
        .flat_map(bits)
        .collect();
    for group in bits.chunks(5) {
        let mut padded = [0; 5];
        padded[..group.len()].copy_from_slice(group);
        let index = padded
            .iter()
            .fold(0, |sum, bit| sum * 2 + usize::from(*bit));
        text.push(char::from(ALPHABET[index]));
    }
    text
}

/// Whether a text is the id of a thing with this UUID.
pub(super) fn is(text: &str, prefix: &str, uuid: &str) -> Result<bool, NoUuid> {
    let Some(encoded) = text.strip_prefix(prefix) else {
        return Ok(false);
    };
    if encoded.is_empty() || !encoded.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Ok(false);
    }
    if encoded.len() * 5 / 8 != UUID_LENGTH {
        return Err(NoUuid);
    }
    Ok(text == encode(prefix, uuid))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// The four bits of a hexadecimal digit.
fn bits(value: u8) -> [u8; 4] {
    [value >> 3 & 1, value >> 2 & 1, value >> 1 & 1, value & 1]
}

#[cfg(test)]
mod tests {
    use super::{NoUuid, encode, is};

    const UUID: &str = "aaaaaaaa-aaaa-4bbb-8ccc-ddddddddddd1";
    const ID: &str = "serv_vkvkvkvkvjf3xdgm3xo53xo52e";

    #[test]
    fn a_uuid_is_encoded_as_recorded() {
        assert_eq!(encode("serv_", UUID), ID);
    }

    #[test]
    fn only_the_exact_spelling_is_the_id() {
        assert_eq!(is(ID, "serv_", UUID), Ok(true));
        for other in [
            "serv_",
            "serv_!!!!!!!!",
            "serv_VKVKVKVKVJF3XDGM3XO53XO52E",
            "SERV_vkvkvkvkvjf3xdgm3xo53xo52e",
            "serv_vkvkvkvkvjf3xdgm3xo53xo52eAA",
            "serv_xo53xo5kvjf3xdgm3xo53xo52e",
            "aaaaaaaa",
        ] {
            assert_eq!(is(other, "serv_", UUID), Ok(false), "{other}");
        }
        assert_eq!(is("serv_abc", "serv_", UUID), Err(NoUuid));
    }
}
