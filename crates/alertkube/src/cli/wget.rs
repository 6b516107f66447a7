//! `wget`: what this program is when it is called by that name. The image has neither a shell nor another client, and
//! whoever asks a pod about its health types this word.

use std::ffi::OsString;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use clap::Parser;
use http::uri::{Authority, Scheme, Uri};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::limits::{HTTP_HEAD_BYTES_MAX, WGET_BODY_BYTES_MAX, WGET_CONNECT_TIMEOUT, WGET_SECONDS_MAX};

const NAME: &str = "wget";

/// Prints what a plain HTTP server answers to a GET: the small part of wget that asks a pod about its health.
///
/// Ends with 0 when the status is 2xx, else with 1. Redirects are not followed, and https is not spoken.
#[derive(Parser)]
#[command(name = NAME, disable_version_flag = true)]
struct Wget {
    /// Say nothing about the connection.
    #[arg(short, long)]
    quiet: bool,
    /// Print the status and the headers of the answer, on standard error.
    #[arg(short = 'S', long)]
    server_response: bool,
    /// Where the body goes: `-` is standard output; there is no folder to write into.
    #[arg(short = 'O', long, value_name = "FILE", required_unless_present = "spider")]
    #[arg(allow_hyphen_values = true, value_parser = output)]
    output_document: Option<Output>,
    /// Ask for the headers alone.
    #[arg(long)]
    spider: bool,
    /// Print the body even when the status is no success.
    #[arg(long)]
    content_on_error: bool,
    /// Give up after so many seconds.
    #[arg(short = 'T', long, value_name = "SECONDS", default_value_t = WGET_SECONDS_MAX)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=WGET_SECONDS_MAX))]
    timeout: u64,
    /// What to ask for: `http://HOST[:PORT]/PATH`.
    url: String,
}

/// Where a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Standard,
    Nowhere,
}

/// Whether the program was called by this name, by whatever path.
pub(super) fn is_meant(called: Option<&OsString>) -> bool {
    called.and_then(|called| Path::new(called).file_name()).is_some_and(|name| name == NAME)
}

/// Reads the command line and carries it out.
#[expect(clippy::print_stderr, reason = "what went wrong, said to the person who typed the command")]
pub(super) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let wget = match Wget::try_parse_from(arguments) {
        Ok(wget) => wget,
        Err(error) => {
            let _unprintable = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match wget.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{NAME}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Wget {
    fn run(&self) -> Result<()> {
        let (uri, host) = target(&self.url)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.context("cannot start")?.block_on(async {
            let within = Duration::from_secs(self.timeout);
            let done = tokio::time::timeout(within, self.ask(&uri, &host)).await;
            done.with_context(|| format!("{}: no whole answer within {} s", self.url, self.timeout))?
        })
    }

    async fn ask(&self, uri: &Uri, host: &Authority) -> Result<()> {
        let stream = self.connect(host).await?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HTTP_HEAD_BYTES_MAX);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.context("no HTTP")?;
        let mut exchange = pin!(self.exchange(sender, self.request(uri, host)?));
        tokio::select! {
            done = exchange.as_mut() => done,
            // What ended it early shows where the answer is read.
            _ended = connection => exchange.await,
        }
    }

    async fn exchange(
        &self,
        mut to: SendRequest<Empty<Bytes>>,
        request: Request<Empty<Bytes>>,
    ) -> Result<()> {
        let answer = to.send_request(request).await.context("no answer")?;
        let status = said(&answer);
        if self.server_response {
            head(&mut std::io::stderr().lock(), &status, answer.headers()).context("print the headers")?;
        }
        let well = answer.status().is_success();
        if well || self.content_on_error {
            self.print(answer).await?;
        }
        ensure!(well, "server returned error: {status}");
        Ok(())
    }

    #[expect(clippy::print_stderr, reason = "standard output is the body's")]
    async fn connect(&self, host: &Authority) -> Result<TcpStream> {
        let mut refusals = Vec::new();
        for address in addresses(host).await? {
            if !self.quiet {
                eprintln!("Connecting to {host} ({address})");
            }
            match tokio::time::timeout(WGET_CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => refusals.push(format!("{address}: {error}")),
                Err(_) => refusals.push(format!("{address}: no answer")),
            }
        }
        bail!("can't connect to {host}: {}", refusals.join("; "))
    }

    fn request(&self, uri: &Uri, host: &Authority) -> Result<Request<Empty<Bytes>>> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(if self.spider { Method::HEAD } else { Method::GET })
            .uri(path)
            .header(header::HOST, host.as_str())
            .header(header::USER_AGENT, NAME)
            .header(header::CONNECTION, "close");
        request.body(Empty::new()).context("build the request")
    }

    async fn print(&self, answer: Response<Incoming>) -> Result<()> {
        let (mut body, mut printed) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.context("the answer breaks off")?.into_data() else { continue };
            printed += data.len();
            ensure!(
                printed <= WGET_BODY_BYTES_MAX,
                "more than {WGET_BODY_BYTES_MAX} bytes, the rest is left"
            );
            if self.output_document == Some(Output::Standard) {
                std::io::stdout().write_all(&data).context("print the answer")?;
            }
        }
        std::io::stdout().flush().context("print the answer")
    }
}

/// The URL and whom it names; without a scheme it is http, as wget has it.
fn target(url: &str) -> Result<(Uri, Authority)> {
    let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let uri: Uri = full.parse().with_context(|| format!("bad address `{url}`"))?;
    ensure!(uri.scheme() == Some(&Scheme::HTTP), "`{url}`: only http:// is spoken here");
    let host = uri.authority().cloned().with_context(|| format!("`{url}` names no host"))?;
    ensure!(!host.as_str().contains('@'), "a user name in the address is not supported");
    Ok((uri, host))
}

/// Where to try, in this order. `localhost` needs neither resolver nor file, for the image may have none.
async fn addresses(host: &Authority) -> Result<Vec<SocketAddr>> {
    let port = host.port_u16().unwrap_or(80);
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let local = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(local.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    let found =
        tokio::net::lookup_host((name, port)).await.with_context(|| format!("bad address `{name}`"))?;
    Ok(found.collect())
}

fn output(text: &str) -> Result<Output, String> {
    match text {
        "-" | "/dev/stdout" => Ok(Output::Standard),
        "/dev/null" => Ok(Output::Nowhere),
        _ => Err("expected `-` or /dev/null, there is no folder to write into".to_owned()),
    }
}

/// `HTTP/1.1 503 Service Unavailable`
fn said(answer: &Response<Incoming>) -> String {
    let reason = answer.status().canonical_reason().unwrap_or_default();
    format!("{:?} {} {reason}", answer.version(), answer.status().as_u16()).trim_end().to_owned()
}

/// Status and headers, two blanks before each, as wget prints them.
fn head(to: &mut impl Write, status: &str, headers: &HeaderMap<HeaderValue>) -> std::io::Result<()> {
    writeln!(to, "  {status}")?;
    for (name, value) in headers {
        writeln!(to, "  {name}: {}", value.as_bytes().escape_ascii())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(words: &str) -> Result<Wget, clap::Error> {
        Wget::try_parse_from(words.split(' '))
    }

    #[test]
    fn the_name_is_what_counts_and_not_the_folder() {
        let meant = |name: &str| is_meant(Some(&name.into()));
        assert!(meant("wget") && meant("/usr/bin/wget"));
        assert!(!meant("alertkube") && !meant("/wget/alertkube") && !is_meant(None));
    }

    #[test]
    fn words_are_read_as_wget_reads_them() {
        Wget::command().debug_assert();
        for words in ["wget -qS -O- u", "wget -q -S -O - u", "wget -qSO- u", "wget u -S -q -O-"] {
            let wget = parsed(words).unwrap_or_else(|error| panic!("{words}: {error}"));
            assert!(wget.quiet && wget.server_response, "{words}");
            assert_eq!((wget.output_document, &*wget.url), (Some(Output::Standard), "u"), "{words}");
        }
        assert!(parsed("wget --spider -T 3 u").is_ok_and(|wget| wget.spider && wget.timeout == 3));
        for (words, why) in [
            ("wget -q u", "--output-document"),
            ("wget -O /tmp/x u", "no folder to write into"),
            ("wget -x -O- u", "'-x'"),
            ("wget -O- -T 0 u", "not in 1.."),
            ("wget -O-", "<URL>"),
        ] {
            let said = parsed(words).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains(why), "{words}: {said}");
        }
    }

    #[test]
    fn an_address_is_http_with_a_host_or_it_is_refused() {
        let host = |url: &str| target(url).map(|(_, host)| host.to_string());
        assert_eq!(host("http://localhost:9090/readyz").unwrap(), "localhost:9090");
        assert_eq!(host("http://[::1]:9090/").unwrap(), "[::1]:9090");
        assert_eq!(host("localhost:9090/readyz").unwrap(), "localhost:9090");
        for (url, why) in [
            ("https://localhost/", "only http://"),
            ("http://a:b@localhost/", "user name"),
            ("http://", "bad address"),
        ] {
            assert!(format!("{:#}", host(url).unwrap_err()).contains(why), "{url}");
        }
    }

    #[test]
    fn headers_cannot_move_the_terminal() {
        let headers = HeaderMap::from_iter([(header::SERVER, HeaderValue::from_bytes(b"a\xffb").unwrap())]);
        let mut printed = Vec::new();
        head(&mut printed, "HTTP/1.1 200 OK", &headers).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), "  HTTP/1.1 200 OK\n  server: a\\xffb\n");
    }
}
