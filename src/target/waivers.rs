//! The file of waivers: what was accepted of a panel, by whom, why and until when.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::moment;
use crate::spec::{Located, SourceFile, Specs, line_column, read_yaml};
use crate::verdict::{About, Waiver};

/// What stands where a person has to say why.
pub(crate) const TO_FILL_IN: &str = "FILL IN";

/// How many days before its end a waiver is spoken of.
const SOON: i64 = 14;

/// A file of waivers as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiversFile {
    waivers: Vec<Located<Entry>>,
}

/// A waiver as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    cases: Option<String>,
    #[serde(default)]
    requirement: Option<String>,
    shows: BTreeSet<String>,
    count: usize,
    profile: String,
    reason: String,
    owner: String,
    expires: String,
}

/// The waivers of a file.
#[derive(Clone, Debug, Default)]
pub struct Waivers {
    list: Vec<(String, Waiver)>,
}

impl Waivers {
    /// Reads a file of waivers, and warns of those that end soon.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, each with its line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
        let file = SourceFile::new(&shown, &shown, &text);
        let written: WaiversFile = read_yaml(&file).map_err(|trouble| trouble.message())?;
        let mut waivers = Self::default();
        let mut wrong = Vec::new();
        for entry in written.waivers {
            let (line, _) = line_column(&text, entry.span.start);
            let place = format!("{shown}:{line}");
            match entry.value.waiver(&place) {
                Ok(waiver) => waivers.list.push((entry.value.profile, waiver)),
                Err(why) => wrong.push(format!("{place}: {why}")),
            }
        }
        if wrong.is_empty() {
            Ok(waivers)
        } else {
            Err(wrong.join("\n"))
        }
    }

    /// Those that hold under a profile.
    #[must_use]
    pub fn of(&self, profile: &str) -> Vec<Waiver> {
        let of_profile = self.list.iter().filter(|(name, _)| name == profile);
        of_profile.map(|(_, waiver)| waiver.clone()).collect()
    }

    /// Checks that each is about a case that there is.
    ///
    /// # Errors
    ///
    /// Which are not.
    pub fn check(&self, specs: &Specs) -> Result<(), String> {
        let idle = self.list.iter().filter(|(_, waiver)| {
            let mut cases = specs.cases();
            !cases.any(|case| waiver.about.speaks_of(case))
        });
        let wrong: Vec<_> = idle
            .map(|(_, waiver)| format!("{}: {} fits no case", waiver.place, waiver.about))
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n"))
        }
    }
}

impl Entry {
    fn waiver(&self, place: &str) -> Result<Waiver, String> {
        let about = match (&self.cases, &self.requirement) {
            (Some(pattern), None) => About::Cases(pattern.clone()),
            (None, Some(id)) => About::Requirement(id.clone()),
            _ => return Err("say either `cases` or `requirement`".to_owned()),
        };
        for (name, value) in [("reason", &self.reason), ("owner", &self.owner)] {
            if value.trim().is_empty() || value == TO_FILL_IN {
                return Err(format!("`{name}` is not filled in"));
            }
        }
        if self.shows.is_empty() || self.count == 0 {
            return Err("it waives nothing: say what the cases show, and how many".to_owned());
        }
        let days = moment::days_until(&self.expires);
        let days =
            days.ok_or_else(|| format!("`{}` is no date such as 2027-01-31", self.expires))?;
        if days < 0 {
            return Err(format!(
                "expired on {}; mend the panel, or agree anew",
                self.expires
            ));
        }
        if let Some(warning) = ends_soon(days) {
            tell!("warning: {place}: {warning}");
        }
        Ok(Waiver {
            place: place.to_owned(),
            about,
            shows: self.shows.clone(),
            count: self.count,
        })
    }
}

/// What is said of a waiver that ends in so many days, if it is soon.
fn ends_soon(days: i64) -> Option<String> {
    match days {
        0 => Some("the waiver ends today".to_owned()),
        1 => Some("the waiver ends in 1 day".to_owned()),
        days => (days <= SOON).then(|| format!("the waiver ends in {days} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_holds_to_the_end_of_its_day_and_its_end_is_told_before() {
        let today = moment::now();
        let today = today.split('T').next().unwrap_or_default();
        let waives = |expires: &str| {
            let text = format!(
                "{{ \"cases\": \"a/b\", \"reason\": \"x\", \"owner\": \"x\", \"expires\": \"{expires}\", \"profile\": \"x\", \"count\": 1, \"shows\": [\"status: 401\"] }}"
            );
            let entry: Entry = serde_json::from_str(&text).unwrap();
            entry.waiver("here").map(|_| ())
        };
        assert_eq!(waives(today), Ok(()));
        assert_eq!(waives("2999-12-31"), Ok(()));
        let expired = waives("2020-01-31").unwrap_err();
        assert_eq!(
            expired,
            "expired on 2020-01-31; mend the panel, or agree anew"
        );
        let wrong = waives("31.1.2020").unwrap_err();
        assert_eq!(wrong, "`31.1.2020` is no date such as 2027-01-31");
        assert_eq!(ends_soon(0).unwrap(), "the waiver ends today");
        assert_eq!(ends_soon(1).unwrap(), "the waiver ends in 1 day");
        let last = format!("the waiver ends in {SOON} days");
        assert_eq!(ends_soon(SOON).unwrap(), last);
        assert_eq!(ends_soon(SOON + 1), None);
    }
}
