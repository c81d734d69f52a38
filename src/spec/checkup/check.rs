//! What can be wrong with `specs/doctor.yaml` beyond its form.

use std::collections::BTreeSet;

use super::{AnswerMatch, Checkup, Clue, Reading};
use crate::spec::diagnostic::Diagnostic;
use crate::spec::profile::Profile;
use crate::spec::role::Roles;
use crate::spec::source::SourceFile;
use crate::spec::yaml::{Located, Ordered};

/// What the file may refer to outside itself.
pub(in crate::spec) struct Names<'a> {
    pub(in crate::spec) roles: &'a Roles,
    pub(in crate::spec) profiles: Option<&'a Vec<Profile>>,
}

/// Checks names and clues.
pub(in crate::spec) fn check(
    file: &SourceFile,
    checkup: &Checkup,
    names: &Names<'_>,
    troubles: &mut Vec<Diagnostic>,
) {
    let mut checker = Checker {
        file,
        checkup,
        troubles,
    };
    checker.once("probe", checkup.probes.iter().map(|probe| &probe.id));
    checker.once("sign", checkup.signs.iter().map(|sign| &sign.id));
    checker.once(
        "finding",
        checkup.findings.iter().map(|finding| &finding.id),
    );
    checker.roles(names);
    checker.signs();
    checker.kinds(names);
    checker.clues();
    checker.readings();
}

struct Checker<'a> {
    file: &'a SourceFile,
    checkup: &'a Checkup,
    troubles: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn once(&mut self, what: &str, ids: impl Iterator<Item = &'a Located<String>>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id.value.as_str()) {
                self.complain(id, format!("a {what} `{}` exists already", id.value));
            }
        }
    }

    fn roles(&mut self, names: &Names<'_>) {
        let roles = names.roles;
        for key in self.checkup.probes.iter().filter_map(|p| p.key.as_ref()) {
            if roles.real(&key.value).is_none() {
                let known = roles.real.iter().map(|role| role.name.value.as_str());
                self.unknown("role", &key.span, key.value.as_str(), known);
            }
        }
    }

    fn signs(&mut self) {
        for sign in &self.checkup.signs {
            self.probe(&sign.probe);
            self.says_something(&sign.readings);
        }
    }

    fn kinds(&mut self, names: &Names<'_>) {
        for kind in &self.checkup.kinds {
            for (sign, reading) in &kind.shows.0 {
                self.shown(sign, reading);
            }
        }
        if let Some(profiles) = names.profiles {
            self.profiles(profiles);
        }
    }

    fn profiles(&mut self, profiles: &[Profile]) {
        let known = || profiles.iter().map(|profile| profile.name.value.as_str());
        for named in self
            .checkup
            .kinds
            .iter()
            .filter_map(|kind| kind.profile.as_ref())
        {
            let name = named.value.as_str();
            if !known().any(|known| known == name) {
                self.unknown("profile", &named.span, name, known());
            }
        }
    }

    fn shown(&mut self, sign: &Located<String>, reading: &Located<String>) {
        let signs = &self.checkup.signs;
        let Some(known) = signs.iter().find(|known| known.id.value == sign.value) else {
            let known = signs.iter().map(|sign| sign.id.value.as_str());
            self.unknown("sign", &sign.span, &sign.value, known);
            return;
        };
        let readings = || known.readings.0.iter().map(|(name, _)| name.value.as_str());
        if !readings().any(|name| name == reading.value) {
            self.unknown("reading", &reading.span, &reading.value, readings());
        }
    }

    fn clues(&mut self) {
        let checkup = self.checkup;
        let of_findings = checkup
            .findings
            .iter()
            .flat_map(|f| f.found.iter().chain(&f.cleared));
        let of_strangers = checkup.strangers.iter().flat_map(|stranger| &stranger.when);
        let clues = checkup.panel.iter().chain(&checkup.stops);
        for clue in clues.chain(of_findings).chain(of_strangers) {
            self.clue(clue);
        }
        for finding in checkup
            .findings
            .iter()
            .filter(|finding| finding.found.is_empty())
        {
            self.complain(&finding.id, "nothing shows this finding".to_owned());
        }
    }

    fn clue(&mut self, clue: &Clue) {
        for (probe, _) in &clue.answers.0 {
            self.probe(probe);
        }
        self.says_something(&clue.answers);
        if clue.says_nothing() {
            let message = "a clue without a condition would always hold";
            self.troubles
                .push(Diagnostic::of_file(&self.file.shown, message));
        }
    }

    fn readings(&mut self) {
        for reading in &self.checkup.readings {
            self.probe(&reading.probe);
            self.one_place(reading);
        }
    }

    fn one_place(&mut self, reading: &Reading) {
        if reading.header.is_some() == reading.pointer.is_some() {
            let message = format!("`{}`: write `header` or `pointer`", reading.label);
            self.complain(&reading.probe, message);
        }
    }

    fn probe(&mut self, id: &Located<String>) {
        if self.checkup.probe(&id.value).is_none() {
            let known = self
                .checkup
                .probes
                .iter()
                .map(|probe| probe.id.value.as_str());
            self.unknown("probe", &id.span, &id.value, known);
        }
    }

    fn says_something(&mut self, answers: &Ordered<AnswerMatch>) {
        for (name, _) in answers.0.iter().filter(|(_, answer)| answer.says_nothing()) {
            self.complain(name, "this would hold for every answer".to_owned());
        }
    }

    fn unknown<'n>(
        &mut self,
        what: &str,
        span: &std::ops::Range<usize>,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let found = Diagnostic::at(self.file, span, format!("unknown {what} `{name}`"));
        self.troubles.push(found.did_you_mean(name, known));
    }

    fn complain(&mut self, place: &Located<String>, message: String) {
        self.troubles
            .push(Diagnostic::at(self.file, &place.span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read_yaml;

    const GOOD: &str = "\
probes:
  - { id: one, request: GET /api/client }
panel:
  - answers: { one: { status: 401 } }
stops: []
signs:
  - id: words
    about: the words of a refusal
    probe: one
    readings: { plain: { status: 401 } }
    origin: observed
    source: a test
kinds:
  - { product: P, shows: { words: plain }, origin: observed, source: a test }
findings: []
readings: []
strangers: []
";

    fn troubles(text: &str) -> Vec<String> {
        let file = SourceFile::new("doctor.yaml", "specs/doctor.yaml", text);
        let checkup = match read_yaml::<Checkup>(&file) {
            Ok(checkup) => checkup,
            Err(trouble) => return vec![trouble.to_string()],
        };
        let mut troubles = Vec::new();
        let names = Names {
            roles: &Roles::default(),
            profiles: Some(&Vec::new()),
        };
        check(&file, &checkup, &names, &mut troubles);
        troubles.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_file_has_no_trouble() {
        assert_eq!(troubles(GOOD), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_name_is_located() {
        let rows = [
            (
                "{ one: { status: 401 } }",
                "{ ome: { status: 401 } }",
                "unknown probe `ome`",
            ),
            ("probe: one", "probe: won", "unknown probe `won`"),
            (
                "{ words: plain }",
                "{ worts: plain }",
                "did you mean `words`?",
            ),
            (
                "{ words: plain }",
                "{ words: plane }",
                "did you mean `plain`?",
            ),
            ("shows: {", "profile: x, shows: {", "unknown profile `x`"),
            (
                "{ plain: { status: 401 } }",
                "{ plain: {} }",
                "would hold for every answer",
            ),
            ("GET /api", "PUT /api", "can have effects"),
            ("about: the", "abuot: the", "abuot"),
            (
                "request: GET /api/client }",
                "request: GET /api/client, key: nobody }",
                "unknown role `nobody`",
            ),
            (
                "\nreadings: []",
                "\nreadings: [{ label: L, probe: one }]",
                "`L`: write `header` or `pointer`",
            ),
            (
                "\nreadings: []",
                "\nreadings: [{ label: L, probe: one, header: a, pointer: /a }]",
                "`L`: write `header` or `pointer`",
            ),
            (
                "\nreadings: []",
                "\nreadings: [{ label: L, probe: won, header: a }]",
                "unknown probe `won`",
            ),
        ];
        for (old, new, wanted) in rows {
            let found = troubles(&GOOD.replacen(old, new, 1));
            assert!(
                found.len() == 1 && found[0].contains(wanted),
                "{new}: {found:?}"
            );
            assert!(found[0].contains("specs/doctor.yaml:"), "{found:?}");
        }
    }

    #[test]
    fn a_name_stands_once() {
        let probe = "  - { id: one, request: GET /api/client }\n";
        let found = troubles(&GOOD.replacen(probe, &probe.repeat(2), 1));
        assert!(
            found[0].contains("a probe `one` exists already"),
            "{found:?}"
        );
    }
}
