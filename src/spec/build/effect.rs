//! Keeps real keys away from routes with effects, unless a consent covers it and nothing can happen.

use std::ops::Range;

use super::Builder;
use crate::spec::case::{KeyUse, RequestPlan, Step};
use crate::spec::expectation::Basis;
use crate::spec::name::Consent;
use crate::spec::role::Holder;
use crate::spec::route::{BodyNeed, Effect, Route};

impl Builder<'_> {
    /// A key that may be accepted goes to routes without effect, unless a consent covers it and
    /// the content cannot be valid.
    pub(super) fn check_effect(&mut self, step: &Step, span: &Range<usize>) {
        let Some(route) = step.request.route.clone() else {
            return;
        };
        let has_effect = route.effect != Effect::None
            && !matches!(step.request.endpoint.method.as_str(), "HEAD" | "OPTIONS");
        if !has_effect || !self.may_be_accepted(&step.request) {
            return;
        }
        match self.consent {
            Some(Consent::CreateKeys) => {}
            Some(Consent::Writes) if cannot_be_carried_out(step, &route) => {}
            Some(Consent::Writes) => self.advise(
                span,
                format!("a real key goes to `{}`, which would carry it out", *route.endpoint),
                "send `body: {}` to a route whose `body` is `required`, malformed content, or ids that are missing",
            ),
            Some(Consent::Exhaustion) | None => self.advise(
                span,
                format!("a real key goes to `{}`, which has effects", *route.endpoint),
                "add `consent: writes` and content that cannot be valid, or take another route",
            ),
        }
    }

    fn may_be_accepted(&self, request: &RequestPlan) -> bool {
        match &request.key {
            KeyUse::Saved(_) => true,
            KeyUse::Role(role) => matches!(
                self.names.roles.holder(role, request.api),
                Some(Holder::Real(_))
            ),
        }
    }
}

/// Whether a panel that lets the request through still cannot do what it asks.
fn cannot_be_carried_out(step: &Step, route: &Route) -> bool {
    let is_malformed = matches!(&step.expect.basis, Basis::Because(stated)
        if stated.iter().any(|c| c.name() == "malformed-json"));
    let lacks_content = route.body == Some(BodyNeed::Required) && step.request.content.is_none();
    !step.request.implied_conditions().is_empty() || is_malformed || lacks_content
}
