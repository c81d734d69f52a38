//! A paced run against a panel with a small limit that somebody else uses too, on one simulated clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use libtest_mimic::{Failed, Trial};
use ptero_conformance::exchange::InProcess;
use ptero_conformance::keys::Keyring;
use ptero_conformance::plan::{Agreement, Pace, Plan};
use ptero_conformance::reference::{Clock, Family, Faults, Panel, Wording, World};
use ptero_conformance::run::{Event, Interrupt, Schedule, Session, Setup, control};
use ptero_conformance::spec::{Api, Source, Specs};
use ptero_conformance::target::{Facts, Limits};
use ptero_conformance::verdict::Policy;
use tokio::time::Instant;
use tower::ServiceExt;

/// Requests a minute and user that the panel allows.
const LIMIT: u32 = 20;

/// Requests a minute of the same user's other client.
const OTHERS: usize = 8;

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "pacing/no-limit-is-spent-and-the-bound-is-kept",
            no_limit_is_spent,
        ),
        Trial::test("pacing/without-a-pace-in-order", the_order_is_the_plans),
    ]
}

/// The clock of the runtime, so that the panel's windows and the run's waiting are one time.
struct Simulated {
    start: Instant,
    began: SystemTime,
}

impl Clock for Simulated {
    fn now(&self) -> SystemTime {
        self.began + self.start.elapsed()
    }
}

fn no_limit_is_spent() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(play())
}

/// The cases that need no consent, and a session with a panel that is said to have this limit.
fn staged(panel: &Panel, pace: Option<Pace>) -> Result<(Plan, Session), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).map_err(|t| format!("{t:?}"))?;
    let contract = Arc::clone(&specs.contract);
    let facts = Facts {
        limits: Limits {
            client: Some(LIMIT),
            ..Limits::default()
        },
        ..Facts::default()
    };
    let profile = facts.agreed(contract.profile("pterodactyl-1.11").ok_or("no profile")?);
    let keys = keys(panel)?;
    let cases = specs
        .cases()
        .filter(|case| case.id.as_str().starts_with("authentication/"));
    let agreement = Agreement::default();
    let plan = Plan::new(&contract, cases, &profile, &agreement, &keys.roles());
    let session = Session::new(Setup {
        contract,
        profile,
        transport: InProcess::new(panel.router()).into(),
        keys,
        agreement,
        origin: "http://localhost".to_owned(),
        pace,
        plain: None,
        facts,
    });
    Ok((plan, session))
}

fn schedule(jobs: u8) -> Schedule {
    Schedule {
        jobs,
        confirm: 0,
        policy: Policy::default(),
    }
}

/// Where nothing has to wait, one case after the other is run as the plan has them; those that share
/// an exchange are over together with the first of them.
fn the_order_is_the_plans() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let panel = panel(false)?;
    let (plan, session) = staged(&panel, None)?;
    let mut over = Vec::new();
    let mut tell = |event| {
        if let Event::Over(number, _) = event {
            over.push(number);
        }
    };
    let interrupt = Interrupt::default();
    let schedule = schedule(1);
    runtime.block_on(schedule.play(&Arc::new(session), &plan, &interrupt, &mut tell));
    if over.is_empty() || !is_in_order(&over) || over.len() != plan.cases.len() {
        return Err(format!("{} cases, in another order", over.len()).into());
    }
    Ok(())
}

/// Whether each is the first of those that were left, or follows one that it shares with.
fn is_in_order(over: &[usize]) -> bool {
    let mut left: BTreeSet<usize> = over.iter().copied().collect();
    let mut before = None;
    over.iter().all(|number| {
        let is_first = left.first() == Some(number);
        let is_later = before.is_some_and(|before| before < number);
        before = Some(number);
        left.remove(number) && (is_first || is_later)
    })
}

async fn play() -> Result<(), Failed> {
    let panel = panel(true)?;
    let mut given = panel.keys().into_iter();
    let key = given.find(|(role, _)| role == "client").ok_or("no key")?.1;
    let pace = Pace {
        rate: 4.0,
        leave: 0.5,
        limits: [(Api::Client, LIMIT), (Api::Application, LIMIT)].into(),
    };
    let (plan, mut session) = staged(&panel, Some(pace.clone()))?;
    let bound = pace.shortest(&plan.budget(session.contract(), &Agreement::default()));
    let roles = plan.roles(session.contract());
    let others = tokio::spawn(use_it(panel.router(), key));
    tokio::task::yield_now().await;
    let start = Instant::now();
    control(&mut session, &roles).await?;
    let session = Arc::new(session);
    let mut refused = Vec::new();
    let mut over = 0;
    let mut tell = |event| {
        if let Event::Over(_, result) = event {
            over += 1;
            let is_spent = |step: &_| -> bool {
                let step: &ptero_conformance::run::StepResult = step;
                step.observed.status == 429
            };
            if result.steps.iter().any(is_spent) {
                refused.push(result.case.id.to_string());
            }
        }
    };
    schedule(2)
        .play(&session, &plan, &Interrupt::default(), &mut tell)
        .await;
    others.abort();
    let took = start.elapsed();
    println!(
        "{} of {over} cases asked in {took:?}; printed as {bound:?}",
        plan.run().count()
    );
    if bound < Duration::from_secs(300) {
        return Err(format!("{bound:?} is too short to show anything").into());
    }
    if !refused.is_empty() {
        return Err(format!("429 for {refused:?}").into());
    }
    if took < bound.mul_f64(0.95) || took > bound.mul_f64(1.05) {
        return Err(format!("{took:?}, but the plan says {bound:?}").into());
    }
    Ok(())
}

fn panel(enforces: bool) -> Result<Panel, Failed> {
    let mut world = World::embedded();
    world.settings.enforce_limits = enforces;
    world.settings.client_rate = Some(LIMIT);
    world.settings.application_rate = Some(LIMIT);
    let clock = Simulated {
        start: Instant::now(),
        began: SystemTime::now(),
    };
    let family: Family = "pterodactyl-1.11".parse()?;
    let panel = Panel::with_clock(
        family,
        world,
        Wording::default(),
        Faults::default(),
        Arc::new(clock),
    )?;
    Ok(panel)
}

fn keys(panel: &Panel) -> Result<Keyring, Failed> {
    let mut keys = Keyring::default();
    for (name, key) in panel.keys() {
        if name == "client" || name == "application" {
            keys.add(&name.parse()?, key, "the panel")?;
        }
    }
    Ok(keys)
}

/// Somebody else with the same user's key, at the beginning of each minute.
async fn use_it(router: Router, key: String) {
    loop {
        for _ in 0..OTHERS {
            let request = Request::get("/api/client")
                .header("accept", "application/json")
                .header("authorization", format!("Bearer {key}"))
                .extension(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9))))
                .body(Body::empty())
                .unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200, "the other client is never refused");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
