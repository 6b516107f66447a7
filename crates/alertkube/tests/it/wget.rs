//! The applet `wget` of the image, as `kubectl exec` starts it: by its name, without an environment.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::Output;

use crate::program::{command, text};

/// A server that gives each connection this answer, and what it was asked last.
fn server(address: &str, answer: &'static str) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind(address).expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                request.extend(byte);
            }
            let _gone = sender.send(text(&request));
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

fn wget(words: &str) -> Output {
    let words: Vec<&str> = words.split(' ').collect();
    command(&words).arg0("/usr/bin/wget").output().expect("the binary runs")
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nready\n";

#[test]
fn the_status_and_headers_go_to_standard_error_and_the_body_to_standard_output() {
    let (port, asked) = server("127.0.0.1:0", OK);
    let output = wget(&format!("-qS -O- http://localhost:{port}/readyz"));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "ready\n");
    let headers = "  HTTP/1.1 200 OK\n  content-type: text/plain\n  content-length: 6\n";
    assert_eq!(text(&output.stderr), headers);
    let asked = asked.recv().expect("it was asked");
    assert!(asked.starts_with("GET /readyz HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: localhost:{port}\r\n")), "{asked}");
}

#[test]
fn localhost_is_found_on_either_kind_of_address() {
    for (listens, named) in [("127.0.0.1:0", "localhost"), ("[::1]:0", "localhost"), ("[::1]:0", "[::1]")] {
        let (port, _asked) = server(listens, OK);
        let output = wget(&format!("-q -O - http://{named}:{port}/"));
        assert_eq!(text(&output.stdout), "ready\n", "{listens}: {}", text(&output.stderr));
    }
    let loud = wget("-O- http://localhost:1/");
    let said = text(&loud.stderr);
    assert_eq!(loud.status.code(), Some(1));
    assert!(said.contains("Connecting to localhost:1 ([::1]:1)\n"), "{said}");
    assert!(said.contains("wget: can't connect to localhost:1: [::1]:1: ") && said.contains("127.0.0.1:1: "));
}

#[test]
fn a_status_that_is_no_success_ends_with_1_and_prints_no_body() {
    let (port, _asked) =
        server("127.0.0.1:0", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 8\r\n\r\nstandby\n");
    let url = format!("http://127.0.0.1:{port}/readyz");
    let output = wget(&format!("-qS -O- {url}"));
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(1), ""));
    let said = text(&output.stderr);
    assert!(said.starts_with("  HTTP/1.1 503 Service Unavailable\n"), "{said}");
    assert!(said.ends_with("wget: server returned error: HTTP/1.1 503 Service Unavailable\n"), "{said}");
    let wordy = wget(&format!("-q -O- --content-on-error {url}"));
    assert_eq!((wordy.status.code(), &*text(&wordy.stdout)), (Some(1), "standby\n"));
}

#[test]
fn what_is_no_whole_answer_ends_with_1_and_says_so() {
    let torn = "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nready\n";
    for (answer, why) in [(torn, "breaks off"), ("nonsense\r\n\r\n", "no answer"), ("", "no answer")] {
        let (port, _asked) = server("127.0.0.1:0", answer);
        let output = wget(&format!("-q -O- http://localhost:{port}/"));
        assert_eq!(output.status.code(), Some(1), "{answer}");
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
    // Nobody answers, though somebody listens.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("a port").port();
    let output = wget(&format!("-q -T 1 -O- http://localhost:{port}/"));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no whole answer within 1 s"), "{}", text(&output.stderr));
    assert_eq!(wget("-q http://localhost/").status.code(), Some(2));
}
