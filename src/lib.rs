//! Conformance tests for the authentication contract of the Pterodactyl panel API.

pub mod exchange;
