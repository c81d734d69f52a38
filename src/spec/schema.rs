//! Response schemas: JSON Schema 2020-12, compiled once and only when used.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::diagnostic::Diagnostic;
use super::name::SchemaName;
use super::source::{SourceFile, is_embedded_schema};

/// The keywords that response schemas may use: those that the nearest conforming document can be
/// made for.
const KEYWORDS: [&str; 16] = [
    "$schema",
    "$id",
    "$ref",
    "$comment",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "items",
    "minItems",
    "const",
    "enum",
    "pattern",
    "additionalProperties",
    "allOf",
];

/// The keywords that hold a document which fits, at the top of a schema only.
const SAMPLES: [&str; 2] = ["examples", "default"];

/// One difference between a document and its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The JSON Pointer of the value that is wrong.
    pub pointer: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// The same in words, without the value.
    pub wanted: String,
}

/// What is wrong with a value, as far as it can be mended.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// It must be this.
    Constant(Value),
    /// A member is not there.
    Missing(String),
    /// It is of a wrong type; one of these is right.
    Type(Vec<String>),
    /// It does not fit the pattern.
    Pattern(String),
    /// A list is shorter than this.
    TooShort(usize),
    /// Something else.
    Other,
}

/// How many differences are looked at: a hostile answer can have a hundred thousand.
const MOST_MISMATCHES: usize = 50;

/// A compiled schema.
#[derive(Clone)]
pub struct Schema {
    validator: Arc<Validator>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schema")
    }
}

impl Schema {
    /// The differences between a document and the schema, in the document's order: all of them,
    /// but no more than a person could read.
    #[must_use]
    pub fn mismatches(&self, document: &Value) -> Vec<Mismatch> {
        self.validator
            .iter_errors(document)
            .take(MOST_MISMATCHES)
            .map(|error| mismatch(&error))
            .collect()
    }
}

fn mismatch(error: &jsonschema::ValidationError<'_>) -> Mismatch {
    use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
    let pointer = error.instance_path().to_string();
    let (problem, wanted) = match error.kind() {
        Kind::Constant { expected_value } => (
            Problem::Constant((**expected_value).clone()),
            expected_value.to_string(),
        ),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default().to_owned();
            let wanted = format!("a member `{name}`");
            (Problem::Missing(name), wanted)
        }
        Kind::Type { kind } => {
            let types: Vec<String> = match kind {
                TypeKind::Single(one) => vec![one.to_string()],
                TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
            };
            let wanted = types.join(" or ");
            (Problem::Type(types), wanted)
        }
        Kind::Pattern { pattern } => (
            Problem::Pattern(pattern.clone()),
            format!("text that fits {pattern}"),
        ),
        Kind::MinItems { limit } => (
            Problem::TooShort(usize::try_from(*limit).unwrap_or(1)),
            format!("at least {limit} entries"),
        ),
        Kind::Enum { options } => (Problem::Other, format!("one of {options}")),
        other => (
            Problem::Other,
            format!("what `{}` asks for", other.keyword()),
        ),
    };
    Mismatch {
        pointer,
        problem,
        wanted,
    }
}

/// The response schemas of a specification.
pub struct Schemas {
    documents: BTreeMap<SchemaName, Value>,
    registry: OnceLock<Registry<'static>>,
    compiled: BTreeMap<SchemaName, OnceLock<Schema>>,
    /// Documents that were compiled, by their text: many cases are due the same refusal.
    made: Mutex<HashMap<String, Schema>>,
}

/// How many compiled documents are kept. Suites that are due more different contents than this
/// compile the others again.
const MOST_MADE: usize = 1000;

impl std::fmt::Debug for Schemas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.documents.keys()).finish()
    }
}

impl Schemas {
    /// Reads schema files and checks that each is one and keeps to the subset.
    pub(super) fn read(files: &[SourceFile]) -> (Self, Vec<Diagnostic>) {
        let mut documents = BTreeMap::new();
        let mut troubles = Vec::new();
        for file in files {
            match read_file(file) {
                Ok((name, document)) => {
                    documents.insert(name, document);
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        let compiled = documents
            .keys()
            .map(|name| (name.clone(), OnceLock::new()))
            .collect();
        let schemas = Self {
            documents,
            registry: OnceLock::new(),
            compiled,
            made: Mutex::default(),
        };
        // Compiling takes a good part of a start, and of what is built in a test has looked.
        if !files.iter().all(is_embedded_schema) {
            troubles.extend(schemas.wrong_samples(files));
        }
        (schemas, troubles)
    }

    /// What is wrong with the examples of files.
    fn wrong_samples(&self, files: &[SourceFile]) -> impl Iterator<Item = Diagnostic> {
        files.iter().filter_map(|file| self.wrong_sample(file))
    }

    /// What is wrong with the first of a file's examples that does not fit its schema.
    fn wrong_sample(&self, file: &SourceFile) -> Option<Diagnostic> {
        let name = self.name(stem(file))?;
        let document = &self.documents[name];
        let trouble = |message: String| Diagnostic::of_file(&file.shown, &message);
        if document.get("examples").is_some_and(|all| !all.is_array()) {
            let help = "write a list: `\"examples\": [{ … }]`";
            return Some(trouble("`examples` is no list".to_owned()).help(help));
        }
        let samples = samples(document);
        if samples.is_empty() {
            return None;
        }
        // One that cannot be compiled is told where it is used: the fault may be in another file.
        let schema = self.get(name).ok()?;
        samples.into_iter().find_map(|(pointer, sample)| {
            let mismatches = schema.mismatches(sample);
            let Mismatch {
                pointer: at,
                wanted,
                ..
            } = mismatches.first()?;
            let message =
                format!("`{pointer}` does not fit the schema: `{pointer}{at}` is not {wanted}");
            Some(
                trouble(message)
                    .help("mend the example or the schema: the reference panel answers with it"),
            )
        })
    }

    /// A document that fits a schema, as the schema itself says: its first example, its default, or
    /// the only one that fits.
    #[must_use]
    pub fn example(&self, name: &SchemaName) -> Option<&Value> {
        let document = self.documents.get(name)?;
        let samples = samples(document).into_iter();
        let first = samples.map(|(_, sample)| sample).next();
        first.or_else(|| document.get("const"))
    }

    /// The name of a schema, if there is one of that name.
    #[must_use]
    pub fn name(&self, text: &str) -> Option<&SchemaName> {
        self.documents.keys().find(|name| name.as_str() == text)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &SchemaName> {
        self.documents.keys()
    }

    /// The compiled schema of a name.
    ///
    /// # Errors
    ///
    /// When the schema refers to one that does not exist, or is no valid schema.
    pub fn get(&self, name: &SchemaName) -> Result<&Schema, String> {
        let place = self
            .compiled
            .get(name)
            .ok_or_else(|| format!("there is no schema `{name}`"))?;
        if let Some(schema) = place.get() {
            return Ok(schema);
        }
        let document = &self.documents[name];
        let schema = self
            .compile_anew(document)
            .map_err(|e| format!("schema `{name}`: {e}"))?;
        Ok(place.get_or_init(|| schema))
    }

    /// Compiles a document that may refer to the named schemas.
    ///
    /// # Errors
    ///
    /// When it refers to one that does not exist, or is no valid schema.
    pub fn compile(&self, document: &Value) -> Result<Schema, String> {
        let text = document.to_string();
        if let Some(known) = self.made().get(&text) {
            return Ok(known.clone());
        }
        let schema = self.compile_anew(document)?;
        let mut made = self.made();
        if made.len() < MOST_MADE {
            made.insert(text, schema.clone());
        }
        Ok(schema)
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Schema>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compile_anew(&self, document: &Value) -> Result<Schema, String> {
        let registry = self.registry()?;
        let validator = jsonschema::draft202012::options()
            .with_registry(registry)
            .with_base_uri(BASE)
            .build(document)
            .map_err(|error| error.to_string())?;
        Ok(Schema {
            validator: Arc::new(validator),
        })
    }

    fn registry(&self) -> Result<&Registry<'static>, String> {
        if let Some(registry) = self.registry.get() {
            return Ok(registry);
        }
        let mut builder = Registry::new().retriever(Offline);
        for (name, document) in &self.documents {
            builder = builder
                .add(format!("{BASE}{name}.json"), document.clone())
                .map_err(|error| error.to_string())?;
        }
        let built = builder.prepare().map_err(|error| error.to_string())?;
        Ok(self.registry.get_or_init(|| built))
    }

    /// A document that refers to a named schema.
    #[must_use]
    pub(crate) fn reference(name: &SchemaName) -> Value {
        json!({ "$ref": format!("{BASE}{name}.json") })
    }
}

/// Where the response schemas stand to each other; nothing is ever fetched from it.
const BASE: &str = "json-schema:///responses/";

struct Offline;

impl jsonschema::Retrieve for Offline {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("there is no schema `{uri}` beside this one").into())
    }
}

/// The documents of a schema that are said to fit it, with their JSON Pointers.
fn samples(schema: &Value) -> Vec<(String, &Value)> {
    let examples = schema.get("examples").and_then(Value::as_array);
    let examples = examples.into_iter().flatten().enumerate();
    let mut samples: Vec<_> = examples
        .map(|(number, example)| (format!("/examples/{number}"), example))
        .collect();
    let default = schema.get("default");
    samples.extend(default.map(|default| ("/default".to_owned(), default)));
    samples
}

/// The name of a file without its ending.
fn stem(file: &SourceFile) -> &str {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    name.trim_end_matches(".json")
}

fn read_file(file: &SourceFile) -> Result<(SchemaName, Value), Diagnostic> {
    let name: SchemaName = stem(file)
        .parse()
        .map_err(|e| Diagnostic::of_file(&file.shown, &format!("{e}")))?;
    let document: Value = serde_json::from_str(&file.text)
        .map_err(|e| Diagnostic::of_file(&file.shown, &format!("is not JSON: {e}")))?;
    let mut checked = document.clone();
    if let Value::Object(members) = &mut checked {
        members.retain(|keyword, _| !SAMPLES.contains(&keyword.as_str()));
    }
    let Some(keyword) = surplus_keyword(&checked) else {
        return Ok((name, document));
    };
    let help = if SAMPLES.contains(&keyword.as_str()) {
        format!("`{keyword}` is for whole documents: write it at the top of the schema")
    } else {
        format!(
            "response schemas keep to {}; at the top also {}",
            KEYWORDS.join(", "),
            SAMPLES.join(", ")
        )
    };
    let trouble = Diagnostic::of_file(&file.shown, &format!("uses `{keyword}`"));
    Err(trouble.help(help))
}

/// The first keyword outside the subset.
fn surplus_keyword(schema: &Value) -> Option<String> {
    let Value::Object(members) = schema else {
        return None;
    };
    for (keyword, value) in members {
        if !KEYWORDS.contains(&keyword.as_str()) {
            return Some(keyword.clone());
        }
        let found = match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values().find_map(surplus_keyword)
            }
            ("items" | "additionalProperties", inner) => surplus_keyword(inner),
            ("allOf", Value::Array(parts)) => parts.iter().find_map(surplus_keyword),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::{Schemas, SourceFile, is_embedded_schema};

    /// The schemas of these files, called by their numbers, and what is wrong with them.
    fn read(texts: &[&str]) -> (Schemas, Vec<String>) {
        let files: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let path = format!("s{number}.json");
                SourceFile::new(&path, &path, text)
            })
            .collect();
        let (schemas, troubles) = Schemas::read(&files);
        (schemas, troubles.iter().map(ToString::to_string).collect())
    }

    fn example(text: &str) -> Option<String> {
        let (schemas, troubles) = read(&[text]);
        assert_eq!(troubles, [""; 0]);
        let name = schemas.name("s0").expect("a name");
        schemas.example(name).map(ToString::to_string)
    }

    #[test]
    fn an_example_is_what_a_schema_says_itself() {
        let one = r#"{ "type": "integer", "default": 3, "examples": [1, 2] }"#;
        assert_eq!(example(one).as_deref(), Some("1"));
        let two = r#"{ "type": "integer", "default": 3 }"#;
        assert_eq!(example(two).as_deref(), Some("3"));
        assert_eq!(example(r#"{ "const": 4 }"#).as_deref(), Some("4"));
        assert_eq!(example(r#"{ "type": "integer" }"#), None);
    }

    #[test]
    fn a_keyword_outside_the_subset_is_found_however_deep() {
        let wrong = r#"{ "patternProperties": {} }"#;
        for text in [
            wrong.to_owned(),
            format!(r#"{{ "properties": {{ "a": {wrong} }} }}"#),
            format!(r#"{{ "items": {wrong} }}"#),
            format!(r#"{{ "additionalProperties": {wrong} }}"#),
            format!(r#"{{ "allOf": [{{}}, {wrong}] }}"#),
        ] {
            let (_, troubles) = read(&[&text]);
            assert!(
                troubles.len() == 1 && troubles[0].contains("uses `patternProperties`"),
                "{text}: {troubles:?}"
            );
        }
    }

    #[test]
    fn every_built_in_example_fits_its_schema() {
        let (files, _) = Source::Embedded.schema_files();
        assert!(files.iter().all(is_embedded_schema));
        let (schemas, troubles) = Schemas::read(&files);
        assert!(troubles.is_empty(), "{troubles:?}");
        let wrong: Vec<_> = schemas.wrong_samples(&files).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let name = schemas.name("list").expect("a name");
        assert!(schemas.example(name).is_some());
    }

    #[test]
    fn an_example_fits_its_schema() {
        let told = |texts: &[&str], wanted: &str| {
            let (_, troubles) = read(texts);
            assert!(
                troubles.len() == 1 && troubles[0].contains(wanted),
                "{troubles:?}"
            );
        };
        let second = r#"{ "type": "integer", "examples": [1, "two"] }"#;
        told(&[second], "s0.json");
        told(
            &[second],
            "`/examples/1` does not fit the schema: `/examples/1` is not integer",
        );
        let deep =
            r#"{ "type": "array", "items": { "$ref": "s1.json" }, "examples": [[1, "two"]] }"#;
        let item = r#"{ "type": "integer" }"#;
        told(&[deep, item], "`/examples/0/1` is not integer");
        told(
            &[r#"{ "type": "integer", "default": "two" }"#],
            "`/default` is not integer",
        );
        told(&[r#"{ "examples": { "a": 1 } }"#], "`examples` is no list");
        let inside = r#"{ "properties": { "a": { "examples": [1] } } }"#;
        told(&[inside], "write it at the top of the schema");
    }
}
