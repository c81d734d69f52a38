//! What `doctor` asks a panel that it knows nothing of, and what the answers mean.

mod answer;
mod check;
mod request;

use serde::Deserialize;

pub use answer::{AnswerMatch, ContentKind, HostMatch, RedirectMatch, SchemeName};
pub(super) use check::{Names, check};
pub use request::{HarmlessRequest, Way};

use super::name::{Origin, ProfileName, RoleName};
use super::yaml::{Located, Ordered};

/// `specs/doctor.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkup {
    /// The requests, in the order in which they are sent.
    pub probes: Vec<Probe>,
    /// Any of these proves that a panel answered.
    pub panel: Vec<Clue>,
    /// Any of these ends the asking: what comes after would be answered alike.
    pub stops: Vec<Clue>,
    /// By what versions and forks are told apart.
    pub signs: Vec<Sign>,
    /// The versions and forks, those of one product from old to new.
    pub kinds: Vec<PanelKind>,
    /// What can be wrong, the gravest first.
    pub findings: Vec<Concern>,
    /// What is shown of an answer, whatever it is.
    pub readings: Vec<Reading>,
    /// What else answers at addresses that are taken for a panel's.
    pub strangers: Vec<Stranger>,
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Its name in this file.
    pub id: Located<String>,
    /// Method and target.
    pub request: HarmlessRequest,
    /// What goes along; `Accept: application/json` does where no `Accept` is given.
    #[serde(default)]
    pub headers: Ordered<String>,
    /// What goes along, in words.
    #[serde(default)]
    pub with: Option<String>,
    /// How the target is reached.
    #[serde(default)]
    pub over: Way,
    /// The role whose key goes along; without such a key the probe is not sent.
    #[serde(default)]
    pub key: Option<Located<RoleName>>,
}

/// What must hold together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clue {
    /// What probes must have been answered, by their names.
    pub answers: Ordered<AnswerMatch>,
    /// What the target's address must be.
    pub target: Option<TargetMatch>,
    /// The certificate must have fewer whole days left than this.
    pub certificate_days_below: Option<u64>,
    /// The certificate must have at least this many whole days left.
    pub certificate_days_from: Option<u64>,
}

/// What the address of a target must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetMatch {
    /// Its scheme.
    pub scheme: Option<SchemeName>,
    /// Whether it is on this machine.
    pub loopback: Option<bool>,
}

/// Something by which versions or forks differ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// Its name in this file.
    pub id: Located<String>,
    /// What it is, in words.
    pub about: String,
    /// The probe whose answer shows it.
    pub probe: Located<String>,
    /// What it can be; the first that holds counts.
    pub readings: Ordered<AnswerMatch>,
    /// How well it is known.
    pub origin: Origin,
    /// Where from.
    pub source: String,
}

/// A range of versions of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelKind {
    /// The product.
    pub product: String,
    /// The oldest version of the range; absent: the versions are not told apart.
    #[serde(default)]
    pub from: Option<String>,
    /// The newest; absent: no newer one is known.
    #[serde(default)]
    pub to: Option<String>,
    /// What each sign reads here; a sign that is not named may read anything.
    pub shows: Ordered<Located<String>>,
    /// The profile that is the contract of these versions.
    #[serde(default)]
    pub profile: Option<Located<ProfileName>>,
    /// How well this is known.
    pub origin: Origin,
    /// Where from.
    pub source: String,
}

/// Something that can be wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concern {
    /// Its name in this file.
    pub id: Located<String>,
    /// How grave it is.
    pub gravity: Gravity,
    /// The headline when it is found.
    pub title: String,
    /// What it is about, as the end of "it could not be decided …".
    pub about: String,
    /// What is said when it is not so.
    pub fine: String,
    /// What follows from it for somebody who runs the panel.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// Lines to paste.
    #[serde(default)]
    pub lines: Option<String>,
    /// Whether good keys are refused while it is so, so that none can be judged.
    #[serde(default)]
    pub hides_keys: bool,
    /// The targets that can have it; absent: all.
    #[serde(default)]
    pub only: Option<TargetMatch>,
    /// Any of these shows that it is so.
    pub found: Vec<Clue>,
    /// Any of these shows that it is not so.
    pub cleared: Vec<Clue>,
    /// What would decide it, where the answers do not.
    #[serde(default)]
    pub decided_by: Option<String>,
    /// How well this is known.
    pub origin: Origin,
    /// Where from.
    pub source: String,
}

/// How grave a finding is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// Strangers can do what they must not.
    Danger,
    /// Good clients cannot work, or soon cannot.
    Trouble,
    /// It could be better.
    Advice,
}

/// Something that is shown of an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// What it is.
    pub label: String,
    /// The probe whose answer shows it.
    pub probe: Located<String>,
    /// The answers that show it; absent: all.
    #[serde(default)]
    pub when: Option<AnswerMatch>,
    /// The header field, in lower case.
    #[serde(default)]
    pub header: Option<String>,
    /// The place in the content (RFC 6901).
    #[serde(default)]
    pub pointer: Option<String>,
}

/// Something that is no panel, or hides one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stranger {
    /// What it is, as the end of "it looks like …".
    pub is: String,
    /// What to do about it.
    pub advice: String,
    /// Lines to paste.
    #[serde(default)]
    pub lines: Option<String>,
    /// Any of these shows it.
    pub when: Vec<Clue>,
    /// Where this is known from.
    pub source: String,
}

impl Checkup {
    /// The probe of a name.
    #[must_use]
    pub fn probe(&self, id: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| *probe.id.value == *id)
    }
}

impl Probe {
    /// The header fields of its request, but for credentials: those that are given, and that JSON
    /// is asked for where they do not say what is.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Vec<u8>)> {
        let given = self.headers.0.iter();
        let mut fields: Vec<_> = given
            .map(|(name, value)| (name.value.clone(), value.clone().into_bytes()))
            .collect();
        let is_accept = |(name, _): &(String, _)| name.eq_ignore_ascii_case("accept");
        if !fields.iter().any(is_accept) {
            fields.push(("Accept".to_owned(), b"application/json".to_vec()));
        }
        fields
    }
}

impl Clue {
    /// Whether it would hold whatever is answered.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.answers.0.is_empty() && self.rests_on_answers()
    }

    /// Whether it speaks of nothing but answers.
    #[must_use]
    pub fn rests_on_answers(&self) -> bool {
        self.target.is_none()
            && self.certificate_days_below.is_none()
            && self.certificate_days_from.is_none()
    }
}
