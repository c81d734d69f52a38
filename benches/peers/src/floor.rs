//! The floor: the requests of a suite, sent and read by a bare loop. Nothing is judged but the status.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Client;
use tokio::runtime::Runtime;

use crate::suite::path;

pub fn run(url: &str, cases: usize, jobs: usize) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let next = Arc::new(AtomicUsize::new(0));
    let client = Client::builder().no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let workers: Vec<_> = (0..jobs)
        .map(|_| {
            runtime.spawn(work(
                client.clone(),
                url.to_owned(),
                cases,
                Arc::clone(&next),
            ))
        })
        .collect();
    for worker in workers {
        let ended = runtime
            .block_on(worker)
            .map_err(|error| error.to_string())?;
        ended.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn work(
    client: Client,
    url: String,
    cases: usize,
    next: Arc<AtomicUsize>,
) -> reqwest::Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= cases {
            return Ok(());
        }
        let request = client.get(format!("{url}{}", path(number)));
        let request = request.header("accept", "application/json");
        request.send().await?.error_for_status()?.bytes().await?;
    }
}
