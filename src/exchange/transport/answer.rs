//! An answer as it came in: unredacted, so it stays inside `exchange`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Body;

/// The time allowed for a whole request: connecting, sending, header section and content.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest content that is read, in bytes: 1 MiB.
pub(super) const DEFAULT_BODY_LIMIT: usize = 1 << 20;

/// What came back. It has no `Debug`: nothing may print it.
pub(in crate::exchange) struct Answer {
    /// The status code.
    pub(in crate::exchange) status: u16,
    /// Header fields in the order received, names in lower case.
    pub(in crate::exchange) headers: Vec<(String, Vec<u8>)>,
    /// The content.
    pub(in crate::exchange) content: Content,
}

/// The content of an answer.
pub(in crate::exchange) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It had more bytes than this limit; none are kept.
    MoreThan(usize),
}

/// What tells answers apart: equal for equal answers, whatever is left of a limit at the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likeness(u64);

impl Answer {
    /// What tells it from another one.
    pub(super) fn likeness(&self) -> Likeness {
        let mut hasher = DefaultHasher::new();
        self.status.hash(&mut hasher);
        for (name, value) in &self.headers {
            name.hash(&mut hasher);
            let is_count = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if name == "x-ratelimit-remaining" && is_count {
                continue;
            }
            value.hash(&mut hasher);
        }
        match &self.content {
            Content::Whole(bytes) => bytes.hash(&mut hasher),
            Content::MoreThan(limit) => limit.hash(&mut hasher),
        }
        Likeness(hasher.finish())
    }

    pub(super) fn new(head: &http::response::Parts, content: Content) -> Self {
        Self {
            status: head.status.as_u16(),
            headers: fields(&head.headers),
            content,
        }
    }
}

fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()))
        .collect()
}

/// Reads a body until its end or until it has more than `limit` bytes.
pub(super) async fn read<B>(mut body: B, limit: usize) -> Result<Content, B::Error>
where
    B: Body + Unpin,
    B::Data: AsRef<[u8]>,
{
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // A frame that is not data is a trailer, which no panel sends.
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        bytes.extend_from_slice(data.as_ref());
        if bytes.len() > limit {
            return Ok(Content::MoreThan(limit));
        }
    }
    Ok(Content::Whole(bytes))
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::{Content, read};

    #[tokio::test]
    async fn content_is_read_up_to_its_limit() {
        let whole = read(Full::new(b"12345".as_slice()), 5).await.unwrap();
        assert!(matches!(whole, Content::Whole(bytes) if bytes == b"12345"));
        let more = read(Full::new(b"123456".as_slice()), 5).await.unwrap();
        assert!(matches!(more, Content::MoreThan(5)));
    }
}
