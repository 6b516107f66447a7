//! A running alertkube: its lines as they come, its end.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The binary with an environment of its own.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alertkube"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the binary runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder for one test, removed with it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Scratch {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Scratch(folder)
    }

    #[expect(clippy::disallowed_methods, reason = "tests give the program files to read")]
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

/// A running controller.
pub(crate) struct Program {
    child: Child,
    /// Lines of standard output: what the sink says.
    said: Receiver<String>,
    /// Lines of standard error: the log.
    logged: Receiver<String>,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Program {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let said = lines(child.stdout.take().expect("a pipe"));
        let logged = lines(child.stderr.take().expect("a pipe"));
        Program { child, said, logged }
    }

    /// The next line of output that holds all of these words.
    pub(crate) fn says(&self, words: &[&str]) -> String {
        wait_for(&self.said, words)
    }

    /// The next line of the log that holds all of these words.
    pub(crate) fn logs(&self, words: &[&str]) -> String {
        wait_for(&self.logged, words)
    }

    /// Asks it to stop and gives its exit and the output that nobody waited for.
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(killed.success(), "the program had ended by itself");
        let status = self.child.wait().expect("it ends");
        (status, self.said.iter().collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed leaves nothing running; one that ended well has nothing to kill.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn wait_for(lines: &Receiver<String>, words: &[&str]) -> String {
    let mut passed = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) if words.iter().all(|word| line.contains(word)) => return line,
            Ok(line) => passed.push(line),
            Err(_) => panic!("no line with {words:?} came; what came:\n{}", passed.join("\n")),
        }
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
