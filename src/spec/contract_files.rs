//! Reads the files that suites refer to, and checks them against each other.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::checkup::{self, Checkup};
use super::coverage::{self, Coverage};
use super::diagnostic::Diagnostic;
use super::profile_file::{self, ProfileFile};
use super::role::Roles;
use super::route::{Inventory, ParametersFile, RoutesFile};
use super::schema::Schemas;
use super::source::{Source, SourceFile};
use super::{Contract, REQUIREMENTS, cause, condition, lint, requirement, signature, state, yaml};

/// A file, and what stands in it.
type Read<T> = (SourceFile, T);

/// Reads the contract of a source.
///
/// # Errors
///
/// Everything that is wrong with its files.
pub(super) fn read_contract(
    files: &[SourceFile],
    source: &Source,
) -> Result<Contract, Vec<Diagnostic>> {
    let mut troubles = Vec::new();
    let (schema_files, unreadable) = source.schema_files();
    troubles.extend(unreadable);
    let (schemas, wrong) = Schemas::read(&schema_files);
    troubles.extend(wrong);
    let mut reader = Reader {
        files,
        troubles: &mut troubles,
    };
    let Some(parts) = Parts::read(&mut reader) else {
        return Err(troubles);
    };
    let inventory = parts.inventory();
    parts.check_tables(&schemas, &inventory, &mut troubles);
    let profiles = profile_file::profiles(&parts.profiles, &mut troubles);
    parts.check_names(&mut troubles);
    let names = checkup::Names {
        roles: &parts.roles.1,
        // What a broken file would have named is not told to be unknown.
        profiles: troubles.is_empty().then_some(&profiles),
    };
    checkup::check(&parts.checkup.0, &parts.checkup.1, &names, &mut troubles);
    if !troubles.is_empty() {
        return Err(troubles);
    }
    Ok(Contract {
        requirements: parts.requirements.1.requirements,
        conditions: parts.conditions.1.conditions,
        roles: parts.roles.1,
        inventory,
        profiles: profiles.into_iter().map(Arc::new).collect(),
        schemas,
        signatures: parts.signatures.1.signatures,
        states: parts.states.1.states,
        settings: parts.states.1.settings,
        checkup: parts.checkup.1,
        coverage: parts.coverage.1,
        causes: parts.causes.1.causes,
        files: in_order(files, schema_files),
    })
}

/// The files as they are written.
struct Parts {
    requirements: Read<requirement::RequirementsFile>,
    conditions: Read<condition::ConditionsFile>,
    roles: Read<Roles>,
    signatures: Read<signature::SignaturesFile>,
    states: Read<state::StatesFile>,
    checkup: Read<Checkup>,
    coverage: Read<Coverage>,
    causes: Read<cause::CausesFile>,
    parameters: Read<ParametersFile>,
    routes: Vec<Read<RoutesFile>>,
    profiles: Vec<Read<ProfileFile>>,
}

impl Parts {
    /// All that can be read is read before one that cannot ends it, so that all is told at once.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let requirements = reader.one(REQUIREMENTS);
        let conditions = reader.one("conditions.yaml");
        let roles = reader.one("roles.yaml");
        let signatures = reader.one("signatures.yaml");
        let states = reader.one("states.yaml");
        let checkup = reader.one("doctor.yaml");
        let coverage = reader.one(coverage::FILE);
        let causes = reader.one("causes.yaml");
        let parameters = reader.one("routes/parameters.yaml");
        let routes = reader.folder("routes/", "routes/parameters.yaml");
        let profiles = reader.folder("profiles/", "");
        Some(Self {
            requirements: requirements?,
            conditions: conditions?,
            roles: roles?,
            signatures: signatures?,
            states: states?,
            checkup: checkup?,
            coverage: coverage?,
            causes: causes?,
            parameters: parameters?,
            routes,
            profiles,
        })
    }

    fn inventory(&self) -> Inventory {
        let routes = self.routes.iter().flat_map(|(_, file)| file.routes());
        let parameters = self.parameters.1.parameters.clone();
        Inventory::new(routes.map(Arc::new).collect(), parameters)
    }

    /// Checks routes and profiles against what they name.
    fn check_tables(
        &self,
        schemas: &Schemas,
        inventory: &Inventory,
        troubles: &mut Vec<Diagnostic>,
    ) {
        let conditions = &self.conditions.1.conditions;
        lint::check_routes(&self.routes, &self.profiles, troubles);
        let names = lint::ProfileNames {
            conditions,
            schemas,
            inventory,
            requirements: &self.requirements.1.requirements,
        };
        lint::check_profiles(&self.profiles, &names, troubles);
        lint::check_parameters(&self.routes, inventory, troubles);
        lint::check_answered(&self.conditions.0, conditions, &self.profiles, troubles);
    }

    /// Checks that each name is given once, and that what is named is there.
    fn check_names(&self, troubles: &mut Vec<Diagnostic>) {
        let conditions = &self.conditions.1.conditions;
        lint::check_roles(&self.roles.0, &self.roles.1, troubles);
        lint::check_states(&self.states.0, &self.states.1.states, troubles);
        lint::check_holders(&self.roles.0, &self.roles.1, troubles);
        let (file, requirements) = &self.requirements;
        lint::check_requirements(file, &requirements.requirements, troubles);
        let known = (&conditions[..], &self.roles.1);
        self.coverage.1.check(&self.coverage.0, known, troubles);
        let names = cause::Names {
            conditions,
            requirements: &requirements.requirements,
            checkup: &self.checkup.1,
        };
        cause::check(&self.causes.0, &self.causes.1.causes, &names, troubles);
    }
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
