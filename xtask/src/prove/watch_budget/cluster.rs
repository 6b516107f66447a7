//! The generating API server as a process beside the measured one, and how it is told what happens next.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};

use super::crowd::Size;
use super::stream::Stream;
use crate::prove::limits::{BENCH_ANSWER_MAX, BENCH_START_MAX};
use crate::run;

/// How the server lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::prove) enum Lists {
    Streamed,
    /// It refuses to stream them, as servers without that feature do.
    Paged,
}

/// A running server and its folder of files.
pub(in crate::prove) struct BenchCluster {
    server: Child,
    port: u16,
    folder: PathBuf,
}

impl BenchCluster {
    /// Starts a server of this size; `xtask` is this program as it was built for speed.
    pub(in crate::prove) fn start(xtask: &Path, size: Size, lists: Lists) -> Result<BenchCluster> {
        let folder = std::env::temp_dir().join(format!("alertkube-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).context("make a folder for temporary files")?;
        let port_file = folder.join("port");
        // The file of a server before this one would be taken for ours.
        let _none = fs::remove_file(&port_file);
        let counts = [("--pods", size.pods), ("--replica-sets", size.replica_sets), ("--nodes", size.nodes)];
        let mut command = run::command(xtask, &["bench-server", "--port-file"]);
        command.arg(&port_file);
        for (word, count) in counts {
            command.args([word, &count.to_string()]);
        }
        if lists == Lists::Paged {
            command.arg("--paged");
        }
        let server = command.stdin(Stdio::null()).spawn().context("start the generating server")?;
        let mut cluster = BenchCluster { server, port: 0, folder };
        cluster.port = run::until("the generating server's port", BENCH_START_MAX, || {
            Ok(fs::read_to_string(&port_file).ok().and_then(|text| text.parse().ok()))
        })?;
        Ok(cluster)
    }

    /// The port that it listens on.
    pub(in crate::prove) fn port(&self) -> u16 {
        self.port
    }

    /// A file of the folder.
    pub(in crate::prove) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a kubeconfig for it.
    pub(in crate::prove) fn kubeconfig(&self) -> Result<PathBuf> {
        let path = self.file("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
             clusters: [{{name: bench, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\n\
             users: [{{name: bench, user: {{}}}}]\ncontexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]\n",
            self.port
        );
        fs::write(&path, text).context("write a kubeconfig")?;
        Ok(path)
    }

    /// Lets so many changes of pods happen, and then a new pod.
    pub(super) fn events(&self, count: usize) -> Result<()> {
        self.order(&format!("/bench/events?count={count}"))
    }

    /// Lets a new pod appear, and the watch of pods expire.
    pub(super) fn expire(&self) -> Result<()> {
        self.order("/bench/expire")
    }

    /// Lets pods come and go.
    pub(in crate::prove) fn stream(&self, stream: &Stream) -> Result<()> {
        let Stream { count, rate, standing, log } = stream;
        let log = log.display();
        self.order(&format!("/bench/stream?count={count}&rate={rate}&standing={standing}&log={log}"))
    }

    fn order(&self, path: &str) -> Result<()> {
        let open = get(self.port, path)?;
        ensure!(open.trim() == "1", "{open} watches of pods were open for {path}, not 1");
        Ok(())
    }
}

impl Drop for BenchCluster {
    fn drop(&mut self) {
        let _ended = self.server.kill().and_then(|()| self.server.wait());
        let _left = fs::remove_dir_all(&self.folder);
    }
}

/// The body of the answer to a GET on this machine.
pub(super) fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("connect")?;
    stream.set_read_timeout(Some(BENCH_ANSWER_MAX))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let (mut reader, mut length) = (BufReader::new(stream), None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).context("read the head of an answer")?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        length = line.strip_prefix("content-length:").and_then(|text| text.trim().parse().ok()).or(length);
    }
    let mut body = String::new();
    reader.take(length.unwrap_or(u64::MAX)).read_to_string(&mut body).context("read an answer")?;
    Ok(body)
}
