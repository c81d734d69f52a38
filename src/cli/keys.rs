//! `keys check`: what each given key is, whose, and what it lacks.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::options::{RunOptions, hide};
use super::outcome::tell_trouble;
use super::prepare::{Aim, prepare};
use super::{exit, fail, say_with};
use crate::plan::Selection;
use crate::run::{Controlled, Finding, control};
use crate::spec::{Contract, Obtainable};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify the given keys at a panel: what each is, and which are lacking
    Check(Check),
}

#[derive(Args)]
#[command(
    mut_args(|arg| hide(arg, &["state_dir"]))
)]
struct Check {
    /// The panel at which the keys are verified, such as <https://staging.example.com>
    url: Option<String>,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Command::Check(check) = &arguments.command;
    begin(check).unwrap_or_else(|message| fail(&message))
}

fn begin(check: &Check) -> Result<ExitCode, String> {
    let options = check.options.at(check.url.as_ref())?;
    if options.target_url.is_none() {
        return Err("no target: name a panel, `keys check https://panel.example.com`".to_owned());
    }
    let aim = Aim::of(&options)?;
    let specs = match options.specs.load() {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    let mut prepared = prepare(&options, &aim, &specs, &Selection::default())?;
    let given = prepared.session.keys().roles();
    if given.is_empty() {
        return Err(
            "no key is given: set PTERO_KEY_CLIENT and the like, or name a file with --keys"
                .to_owned(),
        );
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    match runtime.block_on(control(&mut prepared.session, &given)) {
        Ok(controlled) => {
            let is_enough = options.partial || is_complete(&specs.contract, &controlled);
            let code = if is_enough { exit::OK } else { exit::UNDECIDED };
            Ok(say_with(&table(&specs.contract, &controlled), code))
        }
        Err(trouble) => Ok(ExitCode::from(tell_trouble(&trouble))),
    }
}

/// Whether every key that the panel's pages can make is there, and is what it was given as.
fn is_complete(contract: &Contract, controlled: &Controlled) -> bool {
    let mut needed = contract.roles.real.iter();
    needed.all(|role| {
        let mut findings = controlled.findings.iter();
        let finding = findings.find(|(name, _)| *name == role.name.value);
        match finding {
            Some((_, finding)) => *finding == Finding::Proved,
            None => role.obtainable != Obtainable::Yes,
        }
    })
}

/// What the controls found out, and what is lacking.
pub(super) fn table(contract: &Contract, controlled: &Controlled) -> String {
    let mut text = String::new();
    for (name, finding) in &controlled.findings {
        let Some(role) = contract.roles.real(name) else {
            continue;
        };
        let (what, is) = match finding {
            Finding::Proved => ("proved".to_owned(), role),
            Finding::Other(other) => (
                format!("is a key of `{other}`, and counts as that"),
                contract.roles.real(other).unwrap_or(role),
            ),
            Finding::Undecided(why) => (format!("not proved: {why}"), role),
        };
        text += &format!("{name}: {what}\n    may: {}\n", is.may);
        let sharing: Vec<_> = controlled
            .findings
            .iter()
            .filter_map(|(other, _)| contract.roles.real(other))
            .filter(|other| other.user == role.user && other.name.value != *name)
            .map(|other| other.name.value.to_string())
            .collect();
        if !sharing.is_empty() {
            text += &format!(
                "    shares its user's rate limit with {}\n",
                sharing.join(", ")
            );
        }
    }
    let lacking = contract.roles.real.iter().filter(|role| {
        role.obtainable == Obtainable::Yes
            && !controlled
                .findings
                .iter()
                .any(|(name, _)| *name == role.name.value)
    });
    for role in lacking {
        text += &format!(
            "{}: not given\n    to make it: {}\n",
            role.name.value, role.make
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::embedded().unwrap()
    }

    fn controlled(findings: &[(&str, Finding)]) -> Controlled {
        let findings = findings.iter();
        let findings = findings.map(|(name, finding)| (name.parse().unwrap(), finding.clone()));
        Controlled {
            findings: findings.collect(),
            ..Controlled::default()
        }
    }

    /// The roles whose keys the pages of a panel make.
    fn on_pages(contract: &Contract) -> Vec<(&str, Finding)> {
        let real = contract.roles.real.iter();
        let on_pages = real.filter(|role| role.obtainable == Obtainable::Yes);
        on_pages
            .map(|role| (role.name.value.as_str(), Finding::Proved))
            .collect()
    }

    #[test]
    fn keys_are_complete_where_none_that_a_page_makes_is_lacking() {
        let contract = contract();
        let is_complete = |findings: &[_]| is_complete(&contract, &controlled(findings));
        let all = on_pages(&contract);
        assert!(is_complete(&all));
        assert!(!is_complete(&all[1..]));
        assert!(!is_complete(&[]));
        let mut wrong = all.clone();
        wrong[0].1 = Finding::Undecided("it was not asked".to_owned());
        assert!(!is_complete(&wrong));
        // Whoever gives one more has to give the right one.
        let more = |finding| [&all[..], &[("client-expired", finding)]].concat();
        assert!(is_complete(&more(Finding::Proved)));
        assert!(!is_complete(&more(Finding::Undecided("late".to_owned()))));
    }

    #[test]
    fn each_key_is_told_with_what_it_shares() {
        let contract = contract();
        let other = Finding::Other("client-admin".parse().unwrap());
        let found = controlled(&[
            ("client", Finding::Proved),
            ("client-other", other),
            ("client-ip-locked", Finding::Undecided("late".to_owned())),
        ]);
        let text = table(&contract, &found);
        let (given, lacking) = text.split_once("client-subuser: not given\n").unwrap();
        let may = |role: &str| &contract.roles.real(&role.parse().unwrap()).unwrap().may;
        let wanted = format!(
            "client: proved\n    may: {}\n    shares its user's rate limit with client-ip-locked\n\
             client-other: is a key of `client-admin`, and counts as that\n    may: {}\n\
             client-ip-locked: not proved: late\n    may: {}\n    \
             shares its user's rate limit with client\n",
            may("client"),
            may("client-admin"),
            may("client-ip-locked")
        );
        assert_eq!(given, wanted);
        let lacking: Vec<_> = lacking
            .lines()
            .filter_map(|line| line.strip_suffix(": not given"))
            .collect();
        let wanted = [
            "client-admin",
            "application",
            "application-read",
            "application-users",
            "application-none",
        ];
        assert_eq!(lacking, wanted);
        assert_eq!(text.matches("    to make it: ").count(), 6);
        assert!(text.contains("    to make it: log in as an administrator, open /admin/api"));
    }
}
