//! Keys: where they come from, and which text a role stands for.

mod derive;
mod file;
mod ring;

pub(crate) use derive::escaped;
pub use derive::{PrefixPair, change, in_shell};
pub use file::{KeysFile, read_keys_file};
pub(crate) use ring::prefixes;
pub use ring::{KeyError, Keyring, variable};
