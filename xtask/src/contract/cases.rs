//! The cases: what real servers do, and what the watch machine makes of it.

use alertkube_sim::{Fault, Request, Scope};
use anyhow::{Result, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::desk::Desk;
use super::server::{Detour, Hurt};

/// One case.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// What the server does, and what follows.
    pub(super) shows: &'static str,
    /// Why a real server is not asked; empty where it is.
    pub(super) only_simulated: &'static str,
    pub(super) run: for<'d, 's> fn(&'d mut Desk<'s>) -> BoxFuture<'d, Result<()>>,
}

macro_rules! case {
    ($name:ident, $shows:literal) => {
        case!($name, $shows, "")
    };
    ($name:ident, $shows:literal, $only:literal) => {
        Case {
            name: stringify!($name),
            shows: $shows,
            only_simulated: $only,
            run: |desk| Box::pin($name(desk)),
        }
    };
}

/// Every case.
pub(super) const CASES: &[Case] = &[
    case!(
        streaming_list,
        "a streaming list ends with a bookmark `initial-events-end` and goes on as a watch"
    ),
    case!(pages, "a list comes in pages by `limit` and `continue`; the watch begins at its version"),
    case!(stale_token, "a stale continue token is 410 with a token for an inconsistent rest, which is taken"),
    case!(
        old_version,
        "a watch from too old a version is 200, then `ERROR` 410: listed from scratch at once"
    ),
    case!(watch_timeout, "a watch that ends at its `timeoutSeconds` goes on from where it stopped"),
    case!(cut, "a connection that breaks is taken up again without a word"),
    case!(misunderstood, "a streaming list refused with 422 becomes a list in pages"),
    case!(behind, "200, then `ERROR` 504 `ResourceVersionTooLarge`: asked again after a second"),
    case!(unauthorized, "401 is tried again at once with credentials read anew, then said"),
    case!(forbidden, "403 for one kind is said and tried again"),
    case!(missing, "404 for a kind that is not served is said and tried again"),
    case!(
        no_progress,
        "an etcd without progress notify: 200, then `ERROR` 500: a list in pages",
        "needs an etcd of before 3.4.25"
    ),
    case!(
        slow_reader,
        "the watch of a slow reader is closed without a word; nothing is missed",
        "needs a full buffer in the server"
    ),
    case!(
        half_dead,
        "a watch without an event or bookmark for 120 s is said to be silent and opened again",
        "needs a connection that dies halfway"
    ),
    case!(
        undecodable,
        "an object with fields of wrong types does not stop its list or stream",
        "a real server admits no such object"
    ),
    case!(
        too_many,
        "429 is kept to its `Retry-After`, as a Status and as plain text",
        "needs a server under load"
    ),
    case!(server_error, "500 is said and tried again", "no request makes a healthy server fail"),
    case!(
        restored,
        "resourceVersions that go back after a restore of etcd: listed from scratch",
        "needs a backup of etcd"
    ),
    case!(
        refused,
        "a server that accepts no connection is said and tried again",
        "the end-to-end tier does it"
    ),
];

const SYNCED_A: [&str; 3] = ["began 1", "seen a", "synced 1"];

async fn streaming_list(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.server.make("b").await?;
    desk.expect(&["began 1", "seen a", "seen b", "synced 1"]).await?;
    desk.server.touch("a", "1").await?;
    desk.expect(&["seen a"]).await?;
    desk.server.make("c").await?;
    desk.expect(&["seen c"]).await?;
    desk.server.remove("b").await?;
    desk.expect(&["seen b", "gone b"]).await?;
    ensure!(desk.asked.len() == 1, "one request is enough: {:?}", desk.asked);
    let end = json!("true");
    let ends = |line: &Value| line["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == end;
    let marked = desk.answers().flat_map(|exchange| &exchange.said).filter(|line| ends(line)).count();
    ensure!(marked == 1, "{marked} lines end the list");
    Ok(())
}

async fn pages(desk: &mut Desk<'_>) -> Result<()> {
    desk.without_streams = true;
    desk.server.detours.push(Detour::Set("limit", "2".to_owned()));
    for name in ["a", "b", "c", "d", "e"] {
        desk.server.make(name).await?;
    }
    desk.expect(&["began 1", "seen a", "seen b", "seen c", "seen d", "seen e", "synced 1"]).await?;
    desk.until_asked(5).await?;
    ensure!(desk.asked[3].contains("continue=") && desk.asked[4].contains("watch=true"), "{:?}", desk.asked);
    desk.server.make("f").await?;
    desk.expect(&["seen f"]).await
}

async fn stale_token(desk: &mut Desk<'_>) -> Result<()> {
    desk.without_streams = true;
    desk.server.detours.push(Detour::Set("limit", "2".to_owned()));
    for name in ["a", "b", "c", "d"] {
        desk.server.make(name).await?;
    }
    desk.expect(&["began 1", "seen a", "seen b"]).await?;
    desk.server.touch("d", "1").await?;
    desk.hurt(Hurt::StaleToken)?;
    desk.expect(&["seen c", "seen d", "synced 1"]).await?;
    has_status(desk, 410)?;
    // The first page is of before, so what changed on it since is seen by the watch.
    desk.server.touch("a", "2").await?;
    desk.expect(&["seen d", "seen a"]).await
}

async fn old_version(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.expect(&SYNCED_A).await?;
    desk.settle().await?;
    desk.hurt(Hurt::LongAgo)?;
    desk.break_off();
    desk.expect(&["began 2", "seen a", "synced 2"]).await?;
    has_error(desk, 410)
}

async fn watch_timeout(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.server.detours.push(Detour::Set("timeoutSeconds", "1".to_owned()));
    desk.expect(&SYNCED_A).await?;
    desk.settle().await?;
    desk.until_asked(2).await?;
    ensure!(desk.asked[1].contains("resourceVersion="), "it goes on: {:?}", desk.asked);
    desk.server.make("b").await?;
    desk.expect(&["seen b"]).await
}

async fn cut(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.expect(&SYNCED_A).await?;
    desk.settle().await?;
    desk.hurt(Hurt::Cut)?;
    desk.server.make("b").await?;
    desk.expect(&["seen b"]).await?;
    ensure!(desk.asked.len() == 2, "the watch was opened again: {:?}", desk.asked);
    Ok(())
}

async fn misunderstood(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::Misunderstood)?;
    desk.expect(&SYNCED_A).await?;
    ensure!(desk.asked[1].contains("limit="), "{:?}", desk.asked);
    has_status(desk, 422)
}

async fn behind(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::Behind)?;
    desk.until_asked(2).await?;
    ensure!((990..1100).contains(&desk.waited.as_millis()), "waited for {:?}", desk.waited);
    has_error(desk, 504)?;
    desk.server.heal();
    desk.expect(&SYNCED_A).await
}

async fn unauthorized(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::Unauthorized)?;
    desk.expect(&["lost forbidden"]).await?;
    ensure!(desk.asked.len() == 2, "tried twice before it is said: {:?}", desk.asked);
    has_status(desk, 401)?;
    desk.server.heal();
    desk.expect(&SYNCED_A).await
}

async fn forbidden(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::Forbidden)?;
    desk.expect(&["lost forbidden"]).await?;
    has_status(desk, 403)?;
    desk.server.heal();
    desk.expect(&SYNCED_A).await?;
    ensure!(desk.waited.as_secs() >= 30, "waited for {:?}", desk.waited);
    Ok(())
}

async fn missing(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::Missing)?;
    desk.expect(&["lost missing"]).await?;
    has_status(desk, 404)?;
    desk.server.heal();
    desk.expect(&SYNCED_A).await?;
    ensure!(desk.waited.as_secs() >= 30, "waited for {:?}", desk.waited);
    Ok(())
}

async fn no_progress(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::OnlySimulated(Fault::NoProgressNotify, Scope::all()))?;
    desk.expect(&SYNCED_A).await?;
    ensure!(desk.asked[1].contains("limit="), "{:?}", desk.asked);
    has_error(desk, 500)
}

async fn slow_reader(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.expect(&SYNCED_A).await?;
    desk.settle().await?;
    desk.hurt(Hurt::OnlySimulated(Fault::SlowReader { lines: 2 }, Scope::all()))?;
    desk.server.at_once(|cluster, now| {
        for value in 0..5 {
            let patch = json!({"metadata": {"labels": {"touched": value.to_string()}}});
            cluster.request(now, &Request::merge_patch("/api/v1/namespaces/shop/pods/a", &patch));
        }
    })?;
    desk.expect(&["seen a", "seen a"]).await?;
    desk.server.heal();
    desk.expect(&["seen a", "seen a", "seen a"]).await
}

async fn half_dead(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.expect(&SYNCED_A).await?;
    desk.hurt(Hurt::OnlySimulated(Fault::HalfDead, Scope::all()))?;
    desk.server.touch("a", "1").await?;
    desk.silence();
    desk.expect(&["lost silent", "seen a", "synced 1"]).await
}

async fn undecodable(desk: &mut Desk<'_>) -> Result<()> {
    for name in ["a", "odd", "z"] {
        desk.server.make(name).await?;
    }
    desk.hurt(Hurt::OnlySimulated(Fault::Undecodable { name: "odd".to_owned() }, Scope::all()))?;
    desk.expect(&["began 1", "seen a", "seen odd", "seen z", "synced 1"]).await?;
    desk.server.touch("odd", "1").await?;
    desk.server.touch("z", "1").await?;
    desk.expect(&["seen odd", "seen z"]).await?;
    ensure!(desk.skipped() == 0, "what names it can be read");
    Ok(())
}

async fn too_many(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    for plain in [false, true] {
        let fault = Fault::TooManyRequests { retry_after_seconds: 3, plain };
        desk.hurt(Hurt::OnlySimulated(fault, Scope::all().resource("pods").times(1)))?;
    }
    desk.expect(&["lost unreachable", "began 1", "seen a", "synced 1"]).await?;
    ensure!(desk.asked.len() == 3 && desk.waited.as_secs() >= 6, "{:?} {:?}", desk.asked, desk.waited);
    has_status(desk, 429)
}

async fn server_error(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::OnlySimulated(Fault::ServerError, Scope::all().resource("pods").times(1)))?;
    desk.expect(&["lost unreachable", "began 1", "seen a", "synced 1"]).await
}

async fn restored(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::OnlySimulated(Fault::Snapshot, Scope::all()))?;
    desk.server.detours.push(Detour::Set("timeoutSeconds", "1".to_owned()));
    desk.expect(&SYNCED_A).await?;
    desk.server.make("b").await?;
    desk.expect(&["seen b"]).await?;
    desk.settle().await?;
    desk.hurt(Hurt::OnlySimulated(Fault::Restore, Scope::all()))?;
    desk.until_asked(2).await?;
    // The watch stands, silent until the versions have caught up, and ends at its time.
    desk.settle().await?;
    desk.expect(&["began 2", "seen a", "synced 2"]).await
}

async fn refused(desk: &mut Desk<'_>) -> Result<()> {
    desk.server.make("a").await?;
    desk.hurt(Hurt::OnlySimulated(Fault::Refuse { millis: 300 }, Scope::all()))?;
    desk.expect(&["lost unreachable", "began 1", "seen a", "synced 1"]).await
}

fn has_status(desk: &Desk<'_>, status: u16) -> Result<()> {
    let seen: Vec<u16> = desk.answers().map(|exchange| exchange.status).collect();
    ensure!(seen.contains(&status), "no answer {status} among {seen:?}");
    Ok(())
}

/// 200, and an `ERROR` with that code as the first line.
fn has_error(desk: &Desk<'_>, code: u16) -> Result<()> {
    let first = |line: &Value| line["type"] == "ERROR" && line["object"]["code"] == code;
    let found =
        desk.answers().any(|exchange| exchange.status == 200 && exchange.said.first().is_some_and(first));
    ensure!(found, "no stream that begins with `ERROR` {code}: {:?}", desk.asked);
    Ok(())
}
