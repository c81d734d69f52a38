//! What a run will do, said beforehand: requests and whose limits they count towards, the time they
//! take, and what is created.

use std::collections::BTreeSet;

use crate::plan::{Agreement, Bucket, Pace, Plan};
use crate::run::{RUN_NAMES, left_to_others};
use crate::spec::{Contract, Control, RoleName};

/// What a run will do.
pub struct Forecast<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// What the cases refer to.
    pub contract: &'a Contract,
    /// The target.
    pub target: &'a str,
    /// How fast it may be asked; nothing: as fast as it answers.
    pub pace: Option<&'a Pace>,
    /// What was agreed to.
    pub agreement: &'a Agreement,
    /// Roles whose keys the run makes itself.
    pub made: BTreeSet<RoleName>,
    /// Where what is created will be known until it is deleted.
    pub journal: String,
}

impl Forecast<'_> {
    /// Everything, case by case.
    #[must_use]
    pub fn text(&self) -> String {
        let cases = &self.plan.cases;
        let mut text = format!(
            "target {} · profile {}\n{} of {} cases would be run\n",
            self.target,
            self.plan.profile.name.value,
            self.plan.run().count(),
            cases.len()
        );
        for planned in cases {
            text += &match &planned.due {
                Ok(_) => format!("  run   {}\n", planned.case.id),
                Err(skip) => format!("  skip  {}: {skip}\n", planned.case.id),
            };
        }
        text += "\nbefore them, the controls of these roles\n";
        text += &self.controls();
        text + "\n" + &self.in_short()
    }

    /// Requests, time and what is created.
    #[must_use]
    pub fn in_short(&self) -> String {
        self.requests() + "\n" + &self.creations()
    }

    fn controls(&self) -> String {
        let mut text = String::new();
        for role in self.plan.roles(self.contract) {
            let Some(role) = self.contract.roles.real(&role) else {
                continue;
            };
            let is_sent = |control: &&Control| self.agreement.allows(control.consent);
            for control in role.control.iter().filter(is_sent) {
                text += &format!("  {}: {}\n", role.name.value, *control.endpoint);
            }
        }
        text
    }

    /// Requests by whose limit they count towards, and how long they take at least.
    fn requests(&self) -> String {
        let budget = self.plan.budget(self.contract, self.agreement);
        let mut text =
            String::from("requests by user and API, with those that verify keys and find ids\n");
        for (Bucket { user, api }, count) in &budget.buckets {
            let limit = self.plan.profile.limits.of(*api);
            let ours = self.pace.map_or(String::new(), |pace| {
                format!(", {} of them ours", pace.allowance(*api))
            });
            text += &format!("  {count:>5} {api:<12} {user} (limit {limit} a minute{ours})\n");
        }
        text += &format!("  {:>5} refused before any limit counts\n", budget.others);
        let spending = self.plan.spending();
        if spending > 0 {
            text += &format!(
                "  {spending:>5} at most to spend limits, last and alone, at full speed\n"
            );
        }
        text + &match self.pace {
            Some(pace) => format!("shortest time: {} s\n", pace.shortest(&budget).as_secs()),
            None => "no pace is kept: nobody else is on this machine's panel\n".to_owned(),
        }
    }

    /// What would be created at the target, and what becomes of it.
    fn creations(&self) -> String {
        let mut creations = self.plan.creations();
        for role in self
            .made
            .iter()
            .filter_map(|role| self.contract.roles.real(role))
        {
            if let Some(made_by) = &role.made_by {
                let by = (made_by.key.value.clone(), made_by.endpoint.value.clone());
                *creations.entry(by).or_default() += 1;
            }
        }
        if creations.is_empty() {
            return "nothing is created or changed\n".to_owned();
        }
        let mut text = String::from("created at the target, and deleted again\n");
        for ((role, route), count) in creations {
            let creates = self.contract.inventory.route(&route);
            let deleted_by = creates.and_then(|route| route.creates.as_ref());
            let deleted_by = deleted_by.map_or(String::new(), |c| c.deleted_by.to_string());
            text += &format!("  {count:>5} by `{role}`: {route}\n        then {deleted_by}\n");
        }
        let limit = self.plan.profile.limits.keys;
        let others = left_to_others(limit as usize);
        text += &format!("  called {RUN_NAMES}…, {}\n", self.journal);
        text + &format!(
            "  the keys that a user has are counted first: of {limit}, {others} are left to others\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use crate::report::sample;
    use crate::spec::{Api, Specs};

    /// A forecast of scenarios with all keys and consents, for which the run makes two keys.
    fn forecast(scenarios: &str) -> String {
        let specs: Specs = sample::specs(scenarios);
        let contract = &specs.contract;
        let profile = Arc::clone(contract.profile("pterodactyl-1.11").unwrap());
        let made = contract
            .roles
            .real
            .iter()
            .filter(|role| role.made_by.is_some());
        let pace = Pace {
            rate: 1.0,
            leave: 0.5,
            limits: BTreeMap::from([(Api::Client, 720), (Api::Application, 240)]),
        };
        let forecast = Forecast {
            plan: &sample::plan(&specs, &profile),
            contract,
            target: "a panel",
            pace: Some(&pace),
            agreement: &sample::agreement(),
            made: made.map(|role| role.name.value.clone()).collect(),
            journal: "written down".to_owned(),
        };
        forecast.text()
    }

    const READS: &str = "  - id: reads
    title: Reads
    request: { endpoint: GET /api/client, key: client }
    expect: granted
  - id: in-maintenance
    title: In maintenance
    needs: [maintenance]
    request: { endpoint: GET /api/client, key: client }
    expect: granted
";

    #[test]
    fn everything_is_said_beforehand() {
        let text = forecast(READS);
        let wanted = "target a panel · profile pterodactyl-1.11
1 of 2 cases would be run
  run   a/reads
  skip  a/in-maintenance: the target was not said to have: maintenance; to test it: --has maintenance in a run of its own; how, on a staging panel: php artisan down

before them, the controls of these roles
  client: GET /api/client/account

requests by user and API, with those that verify keys and find ids
      2 client alice (limit 720 a minute, 360 of them ours)
      0 refused before any limit counts
shortest time: 1 s

created at the target, and deleted again
      1 by `client`: POST /api/client/account/api-keys
        then DELETE /api/client/account/api-keys/{identifier}
  called ptero-conformance-…, written down
  the keys that a user has are counted first: of 25, 3 are left to others
";
        assert_eq!(text, wanted);
    }

    #[test]
    fn what_spends_a_limit_is_said_where_there_is_any() {
        let spends = "  - id: spends
    title: Spends
    consent: exhaustion
    steps:
      - repeat: until-spent
        request: { endpoint: GET /api/client, key: client }
        expect: { because: [over-limit] }
";
        let text = forecast(spends);
        let wanted = "    721 at most to spend limits, last and alone, at full speed\n";
        assert!(text.contains(wanted), "{text}");
        let text = forecast(READS);
        assert!(!text.contains("at most"), "{text}");
    }
}
