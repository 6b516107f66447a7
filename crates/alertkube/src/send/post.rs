//! One sink's HTTP: its connections, and from a request to what came back.

use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use alertkube_core::Why;
use alertkube_sinks::{Failure, Guard, Post, Reply};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Request, Response};
use secrecy::ExposeSecret;

use super::gate::{Gate, Late, Unsent};
use super::proxy::Proxies;
use super::resolve::{Filter, Lookup, Nowhere};
use crate::clock::Clock;
use crate::limits::{CONNECT_TIMEOUT, POOL_CONNECTIONS_MAX, POOL_IDLE_MAX, REPLY_BODY_TIMEOUT};

/// What all lanes share.
#[derive(Clone)]
pub(super) struct Road {
    pub(super) clock: Clock,
    pub(super) proxies: Proxies,
    pub(super) lookup: Lookup,
}

/// The connections of one sink: a slow one never takes those of another.
#[derive(Default)]
pub(super) struct Lane {
    client: Mutex<Option<(Guard, Client)>>,
}

impl Lane {
    /// Posts, and waits for the answer until `until` on the boot clock.
    pub(super) async fn post(
        &self,
        road: &Road,
        post: Post,
        (gate, until): (&Gate, Duration),
    ) -> Result<Reply, Unsent> {
        let url = post.url.expose_secret();
        match post.guard.check_url(url) {
            Ok(_) => {}
            Err(Why::Blocked) => return Ok(Reply::Failed(Failure::Blocked)),
            Err(why) => return Err(Unsent::Why(why)),
        }
        let Some(client) = self.client(road, &post.guard) else { return Ok(Reply::Failed(Failure::Tls)) };
        let mut request = client.post(url);
        for (name, value) in &post.headers {
            request = request.header(name, value);
        }
        let body = reqwest::Body::wrap(gate.before(post.body));
        let request = request.body(body).build().map_err(|_| Unsent::Why(Why::Unrenderable))?;
        exchange(road.clock, &client, request, until).await
    }

    /// The client for this guard; it is made at the first need, since a program without HTTP sinks needs none of the
    /// certificates that it loads.
    fn client(&self, road: &Road, guard: &Guard) -> Option<Client> {
        let mut kept = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((made_for, client)) = kept.as_ref()
            && made_for == guard
        {
            return Some(client.clone());
        }
        match client(road, guard) {
            Ok(client) => {
                *kept = Some((guard.clone(), client.clone()));
                Some(client)
            }
            Err(error) => {
                tracing::error!(why = causes(&error), "an HTTP client for a sink cannot be made");
                None
            }
        }
    }
}

fn client(road: &Road, guard: &Guard) -> reqwest::Result<Client> {
    let filter = Filter { guard: guard.clone(), proxies: road.proxies.clone(), lookup: road.lookup.clone() };
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .dns_resolver(filter)
        .connect_timeout(road.clock.in_world(CONNECT_TIMEOUT))
        .pool_idle_timeout(POOL_IDLE_MAX)
        .pool_max_idle_per_host(POOL_CONNECTIONS_MAX);
    if guard.proxied {
        builder = road.proxies.rules().fold(builder, reqwest::ClientBuilder::proxy);
    }
    builder.build()
}

async fn exchange(clock: Clock, client: &Client, request: Request, until: Duration) -> Result<Reply, Unsent> {
    tokio::select! {
        biased;
        answer = client.execute(request) => match answer {
            Ok(response) => Ok(read(clock, response, until).await),
            Err(error) => {
                let error = error.without_url();
                if find::<Late>(&error).is_some() {
                    return Err(Unsent::Late);
                }
                tracing::debug!(why = causes(&error), "a request got no answer");
                Ok(Reply::Failed(failure(&error)))
            }
        },
        () = clock.sleep_until(until) => Ok(Reply::Failed(Failure::Timeout)),
    }
}

/// The status is the answer. The body only adds words to it: what does not come, or breaks off, is left out.
async fn read(clock: Clock, mut response: Response, until: Duration) -> Reply {
    let now = clock.now();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    let collected = async {
        while body.len() < Reply::BODY_MAX {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            let room = Reply::BODY_MAX - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
    };
    tokio::select! {
        biased;
        () = collected => {}
        () = clock.sleep_until(until.min(now.boot + REPLY_BODY_TIMEOUT)) => {}
    }
    Reply::answer(response.status().as_u16(), retry_after.as_deref(), now.stamp(), &body)
}

/// From the most certain to the least: only what surely left no trace at the sink may say so.
fn failure(error: &reqwest::Error) -> Failure {
    match find::<Nowhere>(error) {
        Some(Nowhere::Forbidden) => return Failure::Blocked,
        Some(Nowhere::Unknown(_)) => return Failure::Dns,
        None => {}
    }
    if error.is_connect() {
        let tls = find::<rustls::Error>(error).is_some();
        return if tls { Failure::Tls } else { Failure::Connect };
    }
    if error.is_timeout() { Failure::Timeout } else { Failure::Broken }
}

/// The first cause of a type, also where an I/O error hides it.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let hidden = inside.and_then(|inside| inside.downcast_ref::<E>());
        if let Some(found) = error.downcast_ref::<E>().or(hidden) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// An error with its causes; the caller has taken the address out of it.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
