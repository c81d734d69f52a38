//! Matrices: axes multiplied into rows, less the rows that are excluded.

use std::collections::BTreeMap;

use super::diagnostic::Diagnostic;
use super::name::slug;
use super::route::{Inventory, Route};
use super::source::SourceFile;
use super::suite_file::{Axis, RouteSelector, ScenarioFile};
use super::template::Row;
use super::yaml::{ListOr, Located, Short};

/// One value of an axis: its part of the case id, and its fields.
#[derive(Clone, Debug)]
struct AxisValue {
    slug: String,
    fields: Vec<(String, String)>,
}

/// One row of a matrix.
#[derive(Clone, Debug, Default)]
pub(super) struct MatrixRow {
    /// The id's part for this row; empty without a matrix.
    pub(super) slug: String,
    /// What `${…}` stands for.
    pub(super) values: Row,
}

/// All rows of a scenario's matrix; one empty row where it has none.
pub(super) fn rows(
    file: &SourceFile,
    scenario: &ScenarioFile,
    inventory: &Inventory,
) -> Result<Vec<MatrixRow>, Vec<Diagnostic>> {
    let mut rows = vec![MatrixRow::default()];
    let mut troubles = Vec::new();
    for (name, axis) in &scenario.matrix.0 {
        let values = axis_values(&name.value, &axis.value, inventory);
        if values.is_empty() {
            let message = format!(
                "the axis `{}` has no values, so there would be no case",
                name.value
            );
            troubles.push(Diagnostic::at(file, &name.span, message));
        }
        rows = multiply(&rows, &values);
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    exclude(file, scenario, rows)
}

fn multiply(rows: &[MatrixRow], values: &[AxisValue]) -> Vec<MatrixRow> {
    let mut product = Vec::with_capacity(rows.len() * values.len());
    for row in rows {
        for value in values {
            let mut next = row.clone();
            if !next.slug.is_empty() {
                next.slug.push('/');
            }
            next.slug.push_str(&value.slug);
            next.values.extend(value.fields.iter().cloned());
            product.push(next);
        }
    }
    product
}

fn axis_values(name: &str, axis: &Axis, inventory: &Inventory) -> Vec<AxisValue> {
    match axis {
        ListOr::List(values) => values
            .iter()
            .map(|value| written_value(name, value))
            .collect(),
        ListOr::Mapping(selector) => inventory
            .routes
            .iter()
            .filter(|route| selects(selector, route))
            .map(|route| route_value(name, route))
            .collect(),
    }
}

fn written_value(axis: &str, value: &Located<Short<BTreeMap<String, String>>>) -> AxisValue {
    match &value.value {
        Short::Name(text) => text_value(axis, text),
        Short::Full(fields) => AxisValue {
            slug: fields
                .get("name")
                .map(|name| slug(name))
                .unwrap_or_default(),
            fields: fields
                .iter()
                .map(|(field, v)| (format!("{axis}.{field}"), v.clone()))
                .collect(),
        },
    }
}

/// A route as method and path, and its path alone, for another method.
fn route_value(axis: &str, route: &Route) -> AxisValue {
    let mut value = text_value(axis, &route.endpoint.to_string());
    let path = (format!("{axis}.path"), route.endpoint.path.clone());
    value.fields.push(path);
    value
}

fn text_value(axis: &str, text: &str) -> AxisValue {
    AxisValue {
        slug: slug(text),
        fields: vec![(axis.to_owned(), text.to_owned())],
    }
}

fn selects(selector: &RouteSelector, route: &Route) -> bool {
    fn among<T: PartialEq>(wanted: Option<&Vec<T>>, found: &T) -> bool {
        wanted.is_none_or(|list| list.contains(found))
    }
    let endpoint = &route.endpoint.value;
    among(selector.methods.as_ref(), &endpoint.method)
        && among(selector.effects.as_ref(), &route.effect)
        && selector.api.is_none_or(|api| api == route.api())
        && selector
            .bodies
            .as_ref()
            .is_none_or(|b| route.body.is_some_and(|need| b.contains(&need)))
        && selector
            .permission
            .is_none_or(|wanted| wanted == route.permission.is_some())
        && selector
            .parameter
            .as_ref()
            .is_none_or(|p| endpoint.parameters().any(|name| name == p))
        && !selector.except.contains(endpoint)
}

/// Takes the excluded rows out; an exclusion that fits no row is a mistake.
fn exclude(
    file: &SourceFile,
    scenario: &ScenarioFile,
    mut rows: Vec<MatrixRow>,
) -> Result<Vec<MatrixRow>, Vec<Diagnostic>> {
    let mut troubles = Vec::new();
    for exclusion in &scenario.exclude {
        let before = rows.len();
        rows.retain(|row| !fits(&exclusion.value, row));
        if rows.len() == before {
            let message = "this exclusion fits no row of the matrix";
            troubles.push(Diagnostic::at(file, &exclusion.span, message).help(
                "name an axis and one of its values, such as `endpoint: GET /api/client`; \
                 an axis of named rows goes by `axis.name`",
            ));
        }
    }
    if rows.is_empty() && troubles.is_empty() {
        let message = "the exclusions leave no row, so there would be no case";
        troubles.push(Diagnostic::at(file, &scenario.id.span, message));
    }
    if troubles.is_empty() {
        Ok(rows)
    } else {
        Err(troubles)
    }
}

fn fits(exclusion: &BTreeMap<String, String>, row: &MatrixRow) -> bool {
    !exclusion.is_empty()
        && exclusion
            .iter()
            .all(|(axis, value)| row.values.get(axis) == Some(value))
}
