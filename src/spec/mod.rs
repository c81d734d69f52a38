//! Reads and checks what a panel is held to: a suite that exists is valid.

mod build;
mod case;
mod cause;
mod checkup;
mod comparison;
mod condition;
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
pub use cause::{CaseClue, CauseInfo, GRANTED};
pub use checkup::{
    AnswerMatch, Checkup, Clue, Concern, ContentKind, Gravity, HarmlessRequest, HostMatch,
    PanelKind, Probe, Reading, RedirectMatch, SchemeName, Sign, Stranger, TargetMatch, Way,
};
pub use comparison::{Comparison, OrderChange, RulingChange, Shift, differing};
pub use condition::{Condition, ConditionInfo};
pub use coverage::{Check, Coverage, Reason, RouteTraits, Row, coverage};
pub use diagnostic::{Diagnostic, nearest};
pub use expectation::{Basis, ErrorMatch, Expectation, ValueMatch};
pub use lint::lint;
pub use name::{
    Api, BadName, CaseId, Consent, Level, Origin, ProfileName, RequirementId, RoleName, SchemaName,
};
pub use profile::{Answer, Prefixes, Profile, RouteList, Ruling, WithoutJson};
pub use reach::{names_what_exists, reached};
pub use relation::{Beside, Place, Relation};
pub use requirement::{Requirement, VerifiedBy};
pub use resolve::{Outcome, Question, Refusal, Resolution, Step as ResolutionStep, resolve};
pub use role::{Change, Control, Derived, Holder, MadeBy, MadeUp, Obtainable, Role, Roles};
pub use route::{Creates, Effect, Endpoint, Find, Inventory, Parameter, Presence, Route};
pub use schema::{Mismatch, Problem, Schema, Schemas};
pub use signature::Signature;
pub use source::{Source, SourceFile};
pub use state::{Setting, State};
pub use suite::{Broken, Suite};
pub use template::{Part, Template};
pub(crate) use yaml::read as read_yaml;
pub use yaml::{Located, Short};

use serde::de::DeserializeOwned;

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
        Self::load_some(source, None)
    }

    /// Like [`Specs::load`], but reads only the suites whose cases' ids can begin like `id`.
    ///
    /// # Errors
    ///
    /// As [`Specs::load`].
    pub fn load_for(source: &Source, id: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::load_some(source, Some(id))
    }

    fn load_some(source: &Source, id: Option<&str>) -> Result<Self, Vec<Diagnostic>> {
        let (files, unreadable) = source.yaml_files();
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
        let wanted = suites
            .iter()
            .filter(|file| id.is_none_or(|id| suite::may_hold(&file.path, id)));
        let (suites, broken) = suite::read_all(wanted, &contract.names());
        Ok(Self {
            contract,
            suites,
            broken,
            has_own_requirements,
        })
    }

    /// All cases, in the order of the files.
    pub fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.suites.iter().flat_map(|suite| &suite.cases)
    }
}

fn read_contract(files: &[SourceFile], source: &Source) -> Result<Contract, Vec<Diagnostic>> {
    let mut troubles = Vec::new();
    let (schema_files, unreadable) = source.schema_files();
    troubles.extend(unreadable);
    let (schemas, wrong) = Schemas::read(&schema_files);
    troubles.extend(wrong);
    let mut reader = Reader {
        files,
        troubles: &mut troubles,
    };
    let requirements = reader.one::<requirement::RequirementsFile>(REQUIREMENTS);
    let conditions = reader.one::<condition::ConditionsFile>("conditions.yaml");
    let roles = reader.one::<Roles>("roles.yaml");
    let signatures = reader.one::<signature::SignaturesFile>("signatures.yaml");
    let states = reader.one::<state::StatesFile>("states.yaml");
    let checkup = reader.one::<Checkup>("doctor.yaml");
    let coverage = reader.one::<Coverage>(coverage::FILE);
    let causes = reader.one::<cause::CausesFile>("causes.yaml");
    let parameters = reader.one::<route::ParametersFile>("routes/parameters.yaml");
    let routes = reader.folder::<route::RoutesFile>("routes/", "routes/parameters.yaml");
    let profile_files = reader.folder::<profile_file::ProfileFile>("profiles/", "");
    let (
        Some(requirements),
        Some(conditions),
        Some(roles),
        Some(parameters),
        Some(signatures),
        Some(states),
        Some(checkup),
        Some(coverage),
        Some(causes),
    ) = (
        requirements,
        conditions,
        roles,
        parameters,
        signatures,
        states,
        checkup,
        coverage,
        causes,
    )
    else {
        return Err(troubles);
    };
    let inventory = Inventory {
        routes: routes
            .iter()
            .flat_map(|(_, file)| file.routes())
            .map(Arc::new)
            .collect(),
        parameters: parameters.1.parameters,
    };
    lint::check_routes(&routes, &profile_files, &mut troubles);
    let names = lint::ProfileNames {
        conditions: &conditions.1.conditions,
        schemas: &schemas,
        inventory: &inventory,
    };
    lint::check_profiles(&profile_files, &names, &mut troubles);
    lint::check_parameters(&routes, &inventory, &mut troubles);
    lint::check_answered(
        &conditions.0,
        &conditions.1.conditions,
        &profile_files,
        &mut troubles,
    );
    let profiles = profile_file::profiles(&profile_files, &mut troubles);
    lint::check_roles(&roles.0, &roles.1, &mut troubles);
    lint::check_states(&states.0, &states.1.states, &mut troubles);
    lint::check_holders(&roles.0, &roles.1, &mut troubles);
    lint::check_requirements(&requirements.0, &requirements.1.requirements, &mut troubles);
    let names = checkup::Names {
        roles: &roles.1,
        // What a broken file would have named is not told to be unknown.
        profiles: troubles.is_empty().then_some(&profiles),
    };
    let known = (&conditions.1.conditions[..], &roles.1);
    coverage.1.check(&coverage.0, known, &mut troubles);
    checkup::check(&checkup.0, &checkup.1, &names, &mut troubles);
    cause::check(
        &causes.0,
        &causes.1.causes,
        &conditions.1.conditions,
        &mut troubles,
    );
    if !troubles.is_empty() {
        return Err(troubles);
    }
    Ok(Contract {
        requirements: requirements.1.requirements,
        conditions: conditions.1.conditions,
        roles: roles.1,
        inventory,
        profiles: profiles.into_iter().map(Arc::new).collect(),
        schemas,
        signatures: signatures.1.signatures,
        states: states.1.states,
        settings: states.1.settings,
        checkup: checkup.1,
        coverage: coverage.1,
        causes: causes.1.causes,
        files: in_order(files, schema_files),
    })
}

fn in_order(files: &[SourceFile], schemas: Vec<SourceFile>) -> Vec<SourceFile> {
    let mut all: Vec<_> = files.iter().cloned().chain(schemas).collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// Reads files of known names and keeps what is wrong with them.
struct Reader<'a> {
    files: &'a [SourceFile],
    troubles: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn one<T: DeserializeOwned>(&mut self, path: &str) -> Option<(SourceFile, T)> {
        match self.files.iter().find(|file| *file.path == *path) {
            Some(file) => self.read(file),
            None => {
                self.troubles.push(Diagnostic::of_file(path, "is missing"));
                None
            }
        }
    }

    fn folder<T: DeserializeOwned>(&mut self, folder: &str, except: &str) -> Vec<(SourceFile, T)> {
        let files: Vec<_> = self
            .files
            .iter()
            .filter(|f| f.path.starts_with(folder) && *f.path != *except)
            .collect();
        files
            .into_iter()
            .filter_map(|file| self.read(file))
            .collect()
    }

    fn read<T: DeserializeOwned>(&mut self, file: &SourceFile) -> Option<(SourceFile, T)> {
        match yaml::read(file) {
            Ok(value) => Some((file.clone(), value)),
            Err(trouble) => {
                self.troubles.push(trouble);
                None
            }
        }
    }
}
