//! This library's client against the server: the scenario client walks through its steps.

use std::env;
use std::process::Command;

use peers::serving::Serving;

/// Runs the client, which is to succeed; shows what it says if it does not.
fn walk(flags: &[&str]) {
    let serving = Serving::start(&mut Command::new(env!("CARGO_BIN_EXE_server")));
    let client = env::var("CLIENT").expect("CLIENT names no command");
    let done = Command::new(client)
        .args(["-url", &serving.url])
        .args(flags)
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{flags:?}: {}\n{stdout}{stderr}", done.status);
}

#[test]
fn every_step() {
    walk(&[]);
}

#[test]
fn ten_thousand_messages_over_ten_connections() {
    walk(&["-messages", "10000", "-conns", "10"]);
}
