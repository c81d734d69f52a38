//! Profiles as they are written: whole, or as what differs from another.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::condition::Condition;
use super::diagnostic::Diagnostic;
use super::name::{Origin, ProfileName, RequirementId};
use super::profile::{
    ApiRules, Exception, JsonWanted, Limits, Prefixes, Profile, RouteList, Ruling, Versions,
};
use super::source::SourceFile;
use super::yaml::Located;

/// One file of `specs/profiles/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) name: Located<ProfileName>,
    title: String,
    versions: Versions,
    origin: Origin,
    source: String,
    #[serde(default)]
    pub(super) extends: Option<Located<ProfileName>>,
    #[serde(default)]
    pub(super) rather: Option<Located<ProfileName>>,
    // What follows is taken from the extended profile where it is not written.
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    prefixes: Option<Prefixes>,
    #[serde(default)]
    limits: Option<Limits>,
    #[serde(default)]
    json_wanted: Option<JsonWanted>,
    #[serde(default)]
    pub(super) routes: Option<RouteList>,
    #[serde(default)]
    pub(super) answers: BTreeMap<Condition, Located<Ruling>>,
    #[serde(default)]
    pub(super) client: ApiRules,
    #[serde(default)]
    pub(super) application: ApiRules,
    #[serde(default)]
    pub(super) exceptions: Vec<Exception>,
    #[serde(default)]
    pub(super) unkept: Option<Vec<Located<RequirementId>>>,
}

/// The profiles that these files stand for, and what keeps one from being whole.
pub(super) fn profiles(
    files: &[(SourceFile, ProfileFile)],
    troubles: &mut Vec<Diagnostic>,
) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for (file, written) in files {
        let chain = with_parents(files, file, written);
        match chain.and_then(|chain| whole(file, &chain)) {
            Ok(profile) => profiles.push(profile),
            Err(trouble) => troubles.extend(trouble),
        }
    }
    profiles
}

/// Why a profile is not whole; nothing where that is told of another one.
type NotWhole = Option<Diagnostic>;

/// A profile, the one that it extends, the one that this extends, and so on.
fn with_parents<'f>(
    files: &'f [(SourceFile, ProfileFile)],
    file: &SourceFile,
    written: &'f ProfileFile,
) -> Result<Vec<&'f ProfileFile>, NotWhole> {
    let mut chain = vec![written];
    let mut last = written;
    while let Some(parent) = &last.extends {
        let Some((_, found)) = files.iter().find(|(_, f)| *f.name == **parent) else {
            let names = files.iter().map(|(_, f)| f.name.as_str());
            let message = format!("unknown profile `{}`", parent.value);
            let trouble = Diagnostic::at(file, &parent.span, message);
            let trouble = trouble.did_you_mean(parent.as_str(), names);
            // Further up it is told where it stands.
            return Err(Some(trouble).filter(|_| chain.len() == 1));
        };
        if chain.iter().any(|seen| *seen.name == *found.name) {
            let trouble = extends_itself(file, &chain);
            let is_whole_circle = *found.name == *written.name;
            return Err(trouble.filter(|_| is_whole_circle && is_first(files, &chain)));
        }
        chain.push(found);
        last = found;
    }
    Ok(chain)
}

/// The trouble of a circle of profiles.
fn extends_itself(file: &SourceFile, circle: &[&ProfileFile]) -> NotWhole {
    let own = circle.first()?;
    let path: Vec<_> = circle.iter().map(|seen| seen.name.as_str()).collect();
    let message = format!("`{}` extends itself", *own.name);
    let help = format!("{} -> {}", path.join(" -> "), *own.name);
    let place = own.extends.as_ref()?;
    Some(Diagnostic::at(file, &place.span, message).help(help))
}

/// Whether no other profile of a circle is read before its first one: a circle is told once.
fn is_first(files: &[(SourceFile, ProfileFile)], circle: &[&ProfileFile]) -> bool {
    let mut read = files.iter().map(|(_, file)| file);
    let first = read.find(|file| circle.iter().any(|seen| *seen.name == *file.name));
    first.map(|file| &*file.name) == circle.first().map(|file| &*file.name)
}

/// The profile that a chain stands for: of two that say something, the nearer one counts.
fn whole(file: &SourceFile, chain: &[&ProfileFile]) -> Result<Profile, NotWhole> {
    let own = chain[0];
    let lacks = |what: &str| {
        let found = Diagnostic::at(file, &own.name.span, format!("a profile needs `{what}`"));
        Some(found.help("write it, or name a profile in `extends` that has it"))
    };
    Ok(Profile {
        name: own.name.clone(),
        title: own.title.clone(),
        versions: own.versions.clone(),
        extends: chain[1..].iter().map(|f| f.name.value.clone()).collect(),
        origin: own.origin,
        source: own.source.clone(),
        rather: own.rather.clone(),
        family: nearest(chain, |f| f.family.as_ref()).ok_or_else(|| lacks("family"))?,
        prefixes: nearest(chain, |f| f.prefixes.as_ref()).ok_or_else(|| lacks("prefixes"))?,
        allowed_origin: None,
        limits: nearest(chain, |f| f.limits.as_ref()).ok_or_else(|| lacks("limits"))?,
        json_wanted: nearest(chain, |f| f.json_wanted.as_ref())
            .ok_or_else(|| lacks("json_wanted"))?,
        routes: nearest(chain, |f| f.routes.as_ref()),
        answers: all_answers(chain, |f| &f.answers),
        client: api_rules(chain, |f| &f.client).ok_or_else(|| lacks("client: { order }"))?,
        application: api_rules(chain, |f| &f.application)
            .ok_or_else(|| lacks("application: { order }"))?,
        exceptions: chain.iter().flat_map(|f| f.exceptions.clone()).collect(),
        unkept: nearest(chain, |f| f.unkept.as_ref()).unwrap_or_default(),
    })
}

fn nearest<T: Clone>(
    chain: &[&ProfileFile],
    part: impl Fn(&ProfileFile) -> Option<&T>,
) -> Option<T> {
    chain.iter().find_map(|file| part(file)).cloned()
}

fn all_answers(
    chain: &[&ProfileFile],
    part: impl Fn(&ProfileFile) -> &BTreeMap<Condition, Located<Ruling>>,
) -> BTreeMap<Condition, Located<Ruling>> {
    let from_afar = chain.iter().rev();
    from_afar.flat_map(|file| part(file).clone()).collect()
}

fn api_rules(chain: &[&ProfileFile], part: impl Fn(&ProfileFile) -> &ApiRules) -> Option<ApiRules> {
    let order = chain.iter().map(|file| &part(file).order);
    Some(ApiRules {
        order: order.into_iter().find(|order| !order.is_empty())?.clone(),
        answers: all_answers(chain, |file| &part(file).answers),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Presence::{Always, Never, Sometimes};
    use crate::spec::route::RoutesFile;
    use crate::spec::yaml;
    use crate::spec::{Api, Route};

    const BASE: &str = "
name: base
title: A contract
versions: { from: 1.0.0, to: 1.0.9 }
family: pterodactyl-1.11
origin: observed
source: a test
prefixes: { client: ptlc_, application: ptla_ }
limits: { client: 720, application: 240, keys: 25 }
json_wanted: { first_accept_contains: [json], success_without: json }
answers: { no-key: { status: 401 }, no-permission: { status: 403 } }
client: { order: [no-key, no-permission], answers: { hidden: { status: 404 } } }
application: { order: [no-key] }
exceptions: [{ route: GET /a, condition: no-key, answer: { status: 400 } }]
";

    fn extending(name: &str, parent: &str, more: &str) -> String {
        format!(
            "name: {name}\nextends: {parent}\ntitle: Another\nversions: {{ from: 2.0.0, to: 2.0.0 }}\n\
             origin: source\nsource: a test\n{more}"
        )
    }

    fn read(texts: &[String]) -> (Vec<Profile>, Vec<Diagnostic>) {
        let files: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let path = format!("profiles/{number}.yaml");
                let file = SourceFile::new(&path, &path, text);
                let written = yaml::read(&file).unwrap();
                (file, written)
            })
            .collect();
        let mut troubles = Vec::new();
        let profiles = profiles(&files, &mut troubles);
        (profiles, troubles)
    }

    fn condition(name: &str) -> Condition {
        name.parse().unwrap()
    }

    fn status(profile: &Profile, endpoint: &str, name: &str) -> Option<u16> {
        let endpoint = endpoint.to_owned().try_into().unwrap();
        match profile.ruling(Api::Client, &endpoint, &condition(name))? {
            Ruling::Refused(answer) => Some(answer.status),
            Ruling::Granted | Ruling::Unspecified => None,
        }
    }

    #[test]
    fn the_nearer_profile_counts() {
        let (profiles, troubles) = read(&[
            extending(
                "grandchild",
                "child",
                "client: { order: [no-permission, no-key] }",
            ),
            BASE.to_owned(),
            extending(
                "child",
                "base",
                "limits: { client: 1, application: 2, keys: 3 }\n\
                 answers: { no-key: { status: 404 } }\n\
                 exceptions: [{ route: GET /a, condition: no-key, answer: { status: 418 } }]",
            ),
        ]);
        assert!(troubles.is_empty(), "{troubles:?}");
        let [grandchild, _, child] = &profiles[..] else {
            panic!("three profiles")
        };
        assert_eq!(child.limits.keys, 3);
        assert_eq!(child.prefixes.client, "ptlc_");
        assert_eq!(child.origin, Origin::Source);
        assert_eq!(status(child, "GET /b", "no-key"), Some(404));
        assert_eq!(status(child, "GET /b", "no-permission"), Some(403));
        assert_eq!(status(child, "GET /b", "hidden"), Some(404));
        assert_eq!(status(child, "GET /a", "no-key"), Some(418));
        assert_eq!(child.rank(Api::Client, &condition("no-key")), Some(0));
        assert_eq!(grandchild.rank(Api::Client, &condition("no-key")), Some(1));
        assert_eq!(
            grandchild.rank(Api::Application, &condition("no-key")),
            Some(0)
        );
        assert_eq!(status(grandchild, "GET /b", "no-key"), Some(404));
    }

    #[test]
    fn an_unknown_profile_is_located() {
        let (profiles, troubles) = read(&[BASE.to_owned(), extending("child", "bace", "")]);
        assert_eq!(profiles.len(), 1);
        let [trouble] = &troubles[..] else {
            panic!("{troubles:?}")
        };
        assert_eq!(trouble.location(), "profiles/1.yaml:2:10");
        assert_eq!(trouble.message, "unknown profile `bace`");
        assert_eq!(trouble.help.as_deref(), Some("did you mean `base`?"));
    }

    #[test]
    fn a_profile_that_extends_itself_is_located() {
        let (_, troubles) = read(&[extending("own", "own", "")]);
        assert_eq!(troubles[0].location(), "profiles/0.yaml:2:10");
        assert_eq!(troubles[0].message, "`own` extends itself");
        let (profiles, troubles) = read(&[
            extending("one", "two", ""),
            extending("two", "three", ""),
            extending("three", "one", ""),
            extending("four", "three", ""),
        ]);
        assert!(profiles.is_empty());
        // One circle is one trouble, also of who only comes to it.
        let [trouble] = &troubles[..] else {
            panic!("{troubles:?}")
        };
        assert_eq!(trouble.location(), "profiles/0.yaml:2:10");
        assert_eq!(trouble.help.as_deref(), Some("one -> two -> three -> one"));
        let (_, troubles) = read(&[
            extending("four", "one", ""),
            extending("two", "one", ""),
            extending("one", "two", ""),
            extending("five", "five", ""),
        ]);
        let told: Vec<_> = troubles.iter().map(|t| t.help.as_deref()).collect();
        assert_eq!(told, [Some("two -> one -> two"), Some("five -> five")]);
    }

    #[test]
    fn what_one_lacks_is_not_told_of_those_that_extend_it() {
        let (profiles, troubles) = read(&[
            extending("child", "none", ""),
            extending("grandchild", "child", ""),
        ]);
        assert!(profiles.is_empty());
        let told: Vec<_> = troubles.iter().map(Diagnostic::location).collect();
        assert_eq!(told, ["profiles/0.yaml:2:10"]);
    }

    #[test]
    fn a_profile_that_extends_none_is_whole() {
        let (profiles, troubles) = read(&[BASE.replace("family: pterodactyl-1.11\n", "")]);
        assert!(profiles.is_empty());
        assert_eq!(troubles[0].message, "a profile needs `family`");
        assert_eq!(troubles[0].location(), "profiles/0.yaml:2:7");
    }

    #[test]
    fn a_fork_has_the_routes_that_it_lists() {
        let (profiles, troubles) = read(&[
            BASE.to_owned(),
            extending(
                "fork",
                "base",
                "routes: { like: 1.8.0, with: [GET /new], without: [GET /old] }",
            ),
            extending("fork-of-fork", "fork", ""),
        ]);
        assert!(troubles.is_empty(), "{troubles:?}");
        let write = |endpoint: &str, only: &str, more: &str| {
            let text = format!(
                "{{ api: client, {only} routes: [\
                 {{ route: {endpoint}, success: {{ status: 200 }}, effect: none, {more} }}] }}"
            );
            let file = SourceFile::new("r.yaml", "r.yaml", &text);
            let read: RoutesFile = yaml::read(&file).unwrap();
            read.routes().next().unwrap()
        };
        let presence = |route: &Route| {
            let found = profiles.iter().map(|p| p.presence(route, None));
            found.collect::<Vec<_>>()
        };
        assert_eq!(
            presence(&write("GET /always", "", "")),
            [Always, Always, Always]
        );
        assert_eq!(presence(&write("GET /old", "", "")), [Always, Never, Never]);
        let new = write("GET /new", "", "since: 1.0.5");
        assert_eq!(presence(&new), [Sometimes, Always, Always]);
        let later = write("GET /later", "", "since: 1.9.0");
        assert_eq!(presence(&later), [Never, Never, Never]);
        let own = write("GET /own", "only: [fork],", "");
        assert_eq!(presence(&own), [Never, Always, Always]);
        let of_another = write("GET /another", "only: [fork-of-fork],", "");
        assert_eq!(presence(&of_another), [Never, Never, Always]);
    }
}
