//! Reads and checks what a panel is held to: a suite that exists is valid.

mod build;
mod case;
mod cause;
mod checkup;
mod comparison;
mod condition;
mod contract_files;
mod coverage;
mod diagnostic;
mod expectation;
mod lint;
mod matrix;
mod name;
mod profile;
mod profile_file;
mod reach;
mod relation;
mod requirement;
mod resolve;
mod role;
mod route;
mod schema;
mod signature;
mod source;
mod state;
mod suite;
mod suite_file;
mod template;
mod yaml;

use std::sync::Arc;

pub use case::{Case, Content, Ids, KeyUse, Repeat, RequestPlan, Save, Scenario, Step, Wait};
pub use cause::{CaseClue, CauseInfo, GRANTED, KeepsOut};
pub use checkup::{
    AnswerMatch, Checkup, Clue, Concern, ContentKind, Gravity, HarmlessRequest, HostMatch,
    PanelKind, Probe, Reading, RedirectMatch, SchemeName, Sign, Stranger, TargetMatch, Way,
};
pub use comparison::{Comparison, OrderChange, RulingChange, Shift, differing};
pub use condition::{Condition, ConditionInfo};
pub use coverage::{Check, Coverage, Reason, RouteTraits, Row, coverage};
pub(crate) use diagnostic::line_column;
pub use diagnostic::{Diagnostic, nearest};
pub use expectation::{Basis, ErrorMatch, Expectation, ValueMatch};
pub use lint::lint;
pub use name::{
    Api, BadName, CaseId, Consent, Level, Origin, ProfileName, RequirementId, RoleName, SchemaName,
    has_form,
};
pub use profile::{
    Answer, ApiRules, Exception, JsonWanted, Limits, Prefixes, Profile, Rank, RouteList, Ruling,
    SuccessWithout, Versions, WithoutJson,
};
pub use reach::{names_what_exists, reached};
pub use relation::{Beside, Place, Relation};
pub use requirement::{Requirement, VerifiedBy};
pub use resolve::{Outcome, Question, Refusal, Resolution, Step as ResolutionStep, resolve};
pub use role::{Change, Control, Derived, Holder, MadeBy, MadeUp, Obtainable, Role, Roles};
pub use route::{BodyNeed, Creates, Effect, Endpoint, Find, Inventory, Parameter, Presence, Route};
pub use schema::{Mismatch, Problem, Schema, Schemas};
pub use signature::Signature;
pub use source::{Source, SourceFile};
pub use state::{Setting, State};
pub use suite::{Broken, Suite};
pub use template::{Part, Template};
pub(crate) use yaml::read as read_yaml;
pub use yaml::{Located, Short};

use contract_files::read_contract;

/// The file of the clauses.
const REQUIREMENTS: &str = "requirements.yaml";

/// Everything that suites refer to.
#[derive(Debug)]
pub struct Contract {
    /// The clauses.
    pub requirements: Vec<Requirement>,
    /// The conditions.
    pub conditions: Vec<ConditionInfo>,
    /// The roles.
    pub roles: Roles,
    /// The routes and their parameters.
    pub inventory: Inventory,
    /// The profiles.
    pub profiles: Vec<Arc<Profile>>,
    /// The response schemas.
    pub schemas: Schemas,
    /// The signs of answers that are not the panel's own.
    pub signatures: Vec<Signature>,
    /// What a panel can be like without breaking its contract.
    pub states: Vec<State>,
    /// The settings behind a panel's limits.
    pub settings: Vec<Setting>,
    /// What `doctor` asks, and what the answers mean.
    pub checkup: Checkup,
    /// Which checks every route needs, and why one is not made.
    pub coverage: Coverage,
    /// What many failing cases can have in common.
    pub causes: Vec<CauseInfo>,
    /// The files that all this was read from, in the order of their paths.
    pub files: Vec<SourceFile>,
}

/// A whole specification: the contract, and the suites that could be read.
#[derive(Debug)]
pub struct Specs {
    /// What the suites refer to.
    pub contract: Arc<Contract>,
    /// The suites, in the order of their paths.
    pub suites: Vec<Suite>,
    /// The suite files that are wrong.
    pub broken: Vec<Broken>,
    /// Whether the clauses come with the suites, which then have to speak of all of them.
    pub has_own_requirements: bool,
    /// Whether all suites were opened.
    pub is_whole: bool,
}

impl Contract {
    /// The contract that is built in.
    ///
    /// # Errors
    ///
    /// Its troubles; a build whose tests pass has none.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        let (files, _) = Source::Embedded.yaml_files();
        let others: Vec<_> = files
            .into_iter()
            .filter(|f| !suite::is_suite(&f.path))
            .collect();
        read_contract(&others, &Source::Embedded)
    }

    /// Whether every file that it was read from is as it is in the binary.
    pub(crate) fn is_built_in(&self) -> bool {
        let (yaml, _) = Source::Embedded.yaml_files();
        let (schemas, _) = Source::Embedded.schema_files();
        let others = yaml.into_iter().filter(|f| !suite::is_suite(&f.path));
        let mut stock: Vec<_> = others.chain(schemas).collect();
        stock.sort_by(|one, other| one.path.cmp(&other.path));
        let is_same = |(one, other): (&SourceFile, &SourceFile)| {
            one.path == other.path && one.text == other.text
        };
        self.files.len() == stock.len() && self.files.iter().zip(&stock).all(is_same)
    }

    /// The profile of a name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles
            .iter()
            .find(|profile| profile.name.value.as_str() == name)
    }

    /// The requirement of an id.
    #[must_use]
    pub fn requirement(&self, id: &RequirementId) -> Option<&Requirement> {
        self.requirements
            .iter()
            .find(|requirement| requirement.id.value == *id)
    }

    /// What a condition means.
    #[must_use]
    pub fn condition(&self, name: &str) -> Option<&ConditionInfo> {
        self.conditions
            .iter()
            .find(|info| *info.name.value == *name)
    }

    /// The state of a name.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| *state.name.value == *name)
    }

    /// The setting of a panel that its limit of requests to an API comes from.
    #[must_use]
    pub fn setting(&self, api: Api) -> Option<&str> {
        let mut settings = self.settings.iter();
        let setting = settings.find(|setting| setting.limit == api)?;
        Some(&setting.name)
    }

    fn names(&self) -> build::Names<'_> {
        build::Names {
            requirements: &self.requirements,
            roles: &self.roles,
            inventory: &self.inventory,
            conditions: &self.conditions,
            schemas: &self.schemas,
            states: &self.states,
        }
    }
}

impl Specs {
    /// Reads a specification.
    ///
    /// What is not a suite (requirements, roles, routes, profiles, …) and does not stand in the
    /// source is taken from the embedded specification, so that a folder of suites is enough.
    ///
    /// # Errors
    ///
    /// Every trouble of the files that are not suites. Troubles of suites are in `broken`: the
    /// other suites are still good.
    pub fn load(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        Self::of(source, source.yaml_files())
    }

    /// Like [`Specs::load`], but of the suites, only those are opened in which a case of one of these
    /// ids can stand.
    ///
    /// # Errors
    ///
    /// As [`Specs::load`].
    pub fn load_for(source: &Source, ids: &[String]) -> Result<Self, Vec<Diagnostic>> {
        let places = ids.iter().flat_map(|id| suite::places_for(id)).collect();
        let some = Self::of(source, source.yaml_files_at(&places))?;
        Ok(Self {
            is_whole: false,
            ..some
        })
    }

    fn of(source: &Source, (files, unreadable): source::Found) -> Result<Self, Vec<Diagnostic>> {
        let (suites, mut others): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| suite::is_suite(&file.path));
        let has_own_requirements = others.iter().any(|file| &*file.path == REQUIREMENTS);
        if *source != Source::Embedded {
            let (embedded, _) = Source::Embedded.yaml_files();
            let missing = embedded.into_iter().filter(|file| {
                !suite::is_suite(&file.path) && !others.iter().any(|own| own.path == file.path)
            });
            others.extend(missing.collect::<Vec<_>>());
            // In the order that a whole folder has, so that both read alike.
            others.sort_by(|one, other| one.path.cmp(&other.path));
        }
        if !unreadable.is_empty() {
            return Err(unreadable);
        }
        let contract = Arc::new(read_contract(&others, source)?);
        let (suites, broken) = suite::read_all(&suites, &contract.names());
        Ok(Self {
            contract,
            suites,
            broken,
            has_own_requirements,
            is_whole: true,
        })
    }

    /// All cases, in the order of the files.
    pub fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.suites.iter().flat_map(|suite| &suite.cases)
    }

    /// What is wrong with the suites that cannot be read.
    #[must_use]
    pub fn troubles(&self) -> Vec<Diagnostic> {
        let broken = self.broken.iter();
        broken
            .flat_map(|suite| suite.diagnostics.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
impl Specs {
    /// The built-in contract with one suite, `a.yaml`, that has nothing wrong.
    pub(crate) fn of_suite(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), text).unwrap();
        let specs = Self::load(&Source::Folder(folder.path().to_owned())).unwrap();
        let troubles = specs.troubles();
        assert!(troubles.is_empty(), "{troubles:?}");
        specs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_built_in_until_a_word_of_it_is_another() {
        let checkout = Source::Folder(concat!(env!("CARGO_MANIFEST_DIR"), "/specs").into());
        let specs = Specs::load(&checkout).unwrap();
        assert!(specs.contract.is_built_in());
        let mut contract = Contract::embedded().unwrap();
        assert!(contract.is_built_in());
        contract.files[0].text = "other".into();
        assert!(!contract.is_built_in());
    }
}
