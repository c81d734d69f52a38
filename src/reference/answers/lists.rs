//! Lists in pages, filtered and sorted (panel-facts §11).

use serde_json::{Value, json};

use super::super::{errors::Refusal, incoming::Incoming};

/// How a list may be asked for.
pub(super) struct Listing {
    pub per_page: usize,
    /// The largest page; none if there is no limit.
    pub largest_page: Option<usize>,
    pub filters: &'static [&'static str],
    /// None if sorting is not offered: then any is ignored.
    pub sorts: &'static [&'static str],
}

/// A page of those objects that the filters leave.
pub(super) fn page(
    incoming: &Incoming,
    base_url: &str,
    listing: &Listing,
    mut objects: Vec<Value>,
) -> Result<Value, Refusal> {
    let filters = given_filters(incoming);
    check_filters(listing, &filters)?;
    check_sort(listing, incoming.parameter("sort"))?;
    objects.retain(|object| {
        filters
            .iter()
            .all(|(name, value)| fits(object, name, value))
    });
    let total = objects.len();
    let per_page = per_page(listing, incoming);
    let current = number(incoming, "page").unwrap_or(1).max(1);
    let start = (current - 1).saturating_mul(per_page);
    let data: Vec<Value> = objects.into_iter().skip(start).take(per_page).collect();
    let pagination = json!({
        "total": total,
        "count": data.len(),
        "per_page": per_page,
        "current_page": current,
        "total_pages": total.div_ceil(per_page).max(1),
        "links": links(incoming, base_url, current, total.div_ceil(per_page)),
    });
    Ok(json!({ "object": "list", "data": data, "meta": { "pagination": pagination } }))
}

fn number(incoming: &Incoming, name: &str) -> Option<usize> {
    incoming.parameter(name)?.parse().ok()
}

fn per_page(listing: &Listing, incoming: &Incoming) -> usize {
    let wanted = number(incoming, "per_page").unwrap_or(listing.per_page);
    wanted.clamp(1, listing.largest_page.unwrap_or(usize::MAX))
}

fn links(incoming: &Incoming, base_url: &str, current: usize, pages: usize) -> Value {
    let address = |page| format!("{base_url}{}?page={page}", incoming.path);
    let mut links = json!({});
    if current > 1 {
        links["previous"] = json!(address(current - 1));
    }
    if current < pages {
        links["next"] = json!(address(current + 1));
    }
    links
}

/// `filter[name]=value`, as name and value.
fn given_filters(incoming: &Incoming) -> Vec<(&str, &str)> {
    let mut filters = Vec::new();
    for (parameter, value) in &incoming.query {
        let name = parameter.strip_prefix("filter[");
        if let Some(name) = name.and_then(|name| name.strip_suffix(']')) {
            filters.push((name, value.as_str()));
        }
    }
    filters
}

fn check_filters(listing: &Listing, filters: &[(&str, &str)]) -> Result<(), Refusal> {
    let unknown: Vec<&str> = filters
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !listing.filters.contains(name))
        .collect();
    if unknown.is_empty() || listing.filters.is_empty() {
        return Ok(());
    }
    let detail = not_allowed("filter", "are", &unknown.join(", "), listing.filters);
    Err(Refusal::plain(400, "InvalidFilterQuery", &detail))
}

fn check_sort(listing: &Listing, sort: Option<&str>) -> Result<(), Refusal> {
    let wanted = sort.unwrap_or_default().trim_start_matches('-');
    if wanted.is_empty() || listing.sorts.is_empty() || listing.sorts.contains(&wanted) {
        return Ok(());
    }
    let detail = not_allowed("sort", "is", wanted, listing.sorts);
    Err(Refusal::plain(400, "InvalidSortQuery", &detail))
}

fn not_allowed(what: &str, verb: &str, wanted: &str, allowed: &[&str]) -> String {
    let allowed = allowed.join(", ");
    format!("Requested {what}(s) `{wanted}` {verb} not allowed. Allowed {what}(s) are `{allowed}`.")
}

/// Whether an attribute contains the value; `*` looks at the name.
fn fits(object: &Value, name: &str, value: &str) -> bool {
    let name = if name == "*" { "name" } else { name };
    let attribute = &object["attributes"][name];
    let text = attribute
        .as_str()
        .map_or_else(|| attribute.to_string(), str::to_owned);
    text.to_lowercase().contains(&value.to_lowercase())
}
