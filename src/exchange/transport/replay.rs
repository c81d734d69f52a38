//! Answers from a recording instead of a panel.

use super::TransportError;
use super::answer::{Answer, Content};
use crate::exchange::Request;
use crate::recording::{Exchange, Replay};

pub(super) fn send(replay: &Replay, request: &Request) -> Result<Answer, TransportError> {
    replay
        .find(request)
        .map(answer)
        .ok_or(TransportError::NotRecorded)
}

fn answer(exchange: &Exchange) -> Answer {
    let recorded = &exchange.response;
    let fields = recorded
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()));
    Answer {
        status: recorded.status,
        headers: fields.collect(),
        content: Content::Whole(recorded.body.clone().unwrap_or_default().into_bytes()),
    }
}
