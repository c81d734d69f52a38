//! What journals keep, what they never hold, and what they do with what is torn.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;
use crate::exchange::Secret;

const TARGET: &str = "https://panel.example.com/panel";

/// A whole key: identifier and secret.
const CANARY: &str = "ptlc_Ab3dE6gH9jKmN2pQrS5tUvWxYz7aB1cD4eF8gH0jKlM";

fn creation() -> Creation {
    Creation {
        run: "ptero-conformance-1-a".to_owned(),
        role: "client".parse().unwrap(),
        route: "POST /api/client/account/api-keys"
            .to_owned()
            .try_into()
            .unwrap(),
    }
}

fn identifier(text: &str) -> Identifier {
    text.parse().unwrap()
}

/// A journal in a folder that is gone with it.
fn journal() -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("a/b"), TARGET).unwrap();
    (folder, journal)
}

fn note(journal: &Journal, event: Event<'_>) {
    let redactor = Redactor::default();
    journal.note(event, &creation(), &redactor).unwrap();
}

fn left(journal: &Journal) -> Vec<String> {
    let left = journal.read().unwrap().left;
    left.iter().map(|c| c.identifier.to_string()).collect()
}

#[test]
fn what_is_created_is_left_until_it_is_deleted() {
    let (_folder, journal) = journal();
    let (one, two) = (identifier("ptlc_one"), identifier("ptlc_two"));
    for event in [
        Event::Creating,
        Event::Created(&one),
        Event::Creating,
        Event::Created(&two),
        Event::Deleted(&one),
        Event::Creating,
        Event::NotCreated,
    ] {
        note(&journal, event);
    }
    let record = journal.read().unwrap();
    assert_eq!(left(&journal), ["ptlc_two"]);
    assert_eq!(record.left[0].creation, creation());
    assert!(record.unknown.is_empty() && record.unreadable == 0);
    note(&journal, Event::Creating);
    assert_eq!(journal.read().unwrap().unknown, [(creation(), 1)].into());
}

#[test]
fn others_share_the_file_and_not_the_record() {
    let (folder, journal) = journal();
    note(&journal, Event::Created(&identifier("ptlc_one")));
    let again = Journal::open(&folder.path().join("a/b"), TARGET).unwrap();
    note(&again, Event::Created(&identifier("ptlc_two")));
    assert_eq!(left(&journal), ["ptlc_one", "ptlc_two"]);
    let text = std::fs::read_to_string(journal.path()).unwrap();
    assert!(
        Record::of(&text, "https://panel.example.com")
            .left
            .is_empty()
    );
    assert_eq!(Record::of(&text, "https://panel.example.com").unreadable, 0);
}

#[test]
fn a_torn_line_spoils_no_other() {
    let (_folder, journal) = journal();
    note(&journal, Event::Created(&identifier("ptlc_one")));
    let whole = std::fs::read(journal.path()).unwrap();
    std::fs::write(journal.path(), [&whole[..], &whole[..40]].concat()).unwrap();
    note(&journal, Event::Created(&identifier("ptlc_two")));
    assert_eq!(left(&journal), ["ptlc_one", "ptlc_two"]);
    assert_eq!(journal.read().unwrap().unreadable, 1);
}

#[test]
fn no_secret_is_written() {
    let (_folder, journal) = journal();
    let secret = &CANARY[16..];
    let redactor = Redactor::new([
        Secret::of_role("client", CANARY.into()),
        Secret::new(SecretString::from("hunter2-hunter2")),
    ]);
    // An identifier that is the secret, or a part of it, or of another known key.
    for text in [secret, &secret[..16], &CANARY[..16], "hunter2-hunter2"] {
        let identifier = identifier(text);
        let refused = journal.note(Event::Created(&identifier), &creation(), &redactor);
        assert!(matches!(refused, Err(JournalError::Secret)), "{text}");
    }
    let mut named = creation();
    named.run = format!("run {CANARY}");
    assert!(journal.note(Event::Creating, &named, &redactor).is_err());
    assert_eq!(std::fs::read_to_string(journal.path()).unwrap(), "");
}

#[test]
fn an_identifier_looks_like_no_secret() {
    let (_folder, journal) = journal();
    // Of panels of every prefix, and of one that has none.
    for text in ["ptlc_Ab3dE6gH9jK", "pacc_Ab3dE6gH9jK", "Ab3dE6gH9jKmN2pQ"] {
        note(&journal, Event::Created(&identifier(text)));
        note(&journal, Event::Deleted(&identifier(text)));
    }
    assert_eq!(left(&journal), [""; 0]);
    let text = std::fs::read_to_string(journal.path()).unwrap();
    assert_eq!(Redactor::default().text(&text), text);
}

#[test]
fn identifiers_are_safe_in_a_path() {
    for text in ["", "ptlc_", "../x", "a/b", "a?b", "a%2fb", "a b", CANARY] {
        assert!(text.parse::<Identifier>().is_err(), "{text}");
    }
    assert_eq!(identifier("ptlc_a-b").to_string(), "ptlc_a-b");
}

#[test]
fn a_target_has_a_file_of_its_own() {
    assert_eq!(
        file_name("http://[::1]:8080/a b"),
        "http____1__8080_a_b.jsonl"
    );
    assert!(file_name(&"x".repeat(5000)).len() < 255);
    let folder = tempfile::tempdir().unwrap();
    assert!(Journal::existing(folder.path(), TARGET).unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_journal_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, journal) = journal();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(journal.path()), 0o600);
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    std::fs::set_permissions(journal.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let again = Journal::open(&folder.path().join("a/b"), TARGET).unwrap();
    assert_eq!(mode(again.path()), 0o600);
}

#[test]
fn a_folder_can_be_named() {
    let named = Path::new("somewhere");
    assert_eq!(state_folder(Some(named)).unwrap(), named);
    let own = state_folder(None).unwrap();
    assert!(own.ends_with("ptero-conformance"), "{}", own.display());
}

proptest! {
    /// What a journal is told is what it says, whatever the run and the target are called.
    #[test]
    fn what_is_written_is_read_back(
        run in any::<String>(),
        target in any::<String>(),
        role in "[a-z][a-z0-9-]{0,12}",
        path in "(/[a-z{}-]{1,8}){1,4}",
        key in "[a-zA-Z0-9_-]{0,15}[a-zA-Z0-9-]",
        name in 0..4,
    ) {
        let creation = Creation {
            run,
            role: role.parse().unwrap(),
            route: format!("POST /api/client{path}").try_into().unwrap(),
        };
        let identifier = identifier(&key);
        let event = match name {
            0 => Event::Creating,
            1 => Event::NotCreated,
            2 => Event::Created(&identifier),
            _ => Event::Deleted(&identifier),
        };
        let text = line::write(event, &creation, &target);
        prop_assert!(!text.contains('\n'), "one event is one line");
        match (event, line::read(&text, &target)) {
            (Event::Creating, Some(line::Line::Creating(read)))
            | (Event::NotCreated, Some(line::Line::NotCreated(read))) => {
                prop_assert_eq!(read, creation);
            }
            (Event::Created(_), Some(line::Line::Created(read, of))) => {
                prop_assert_eq!((read, of), (creation, identifier));
            }
            (Event::Deleted(_), Some(line::Line::Deleted(of))) => prop_assert_eq!(of, identifier),
            _ => prop_assert!(false, "{text}"),
        }
        let elsewhere = line::read(&text, &format!("{target}x"));
        prop_assert!(matches!(elsewhere, Some(line::Line::Elsewhere)));
    }
}
