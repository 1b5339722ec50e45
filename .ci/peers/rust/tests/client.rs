//! Clients of "wsdriver serve": everything but the end.

use peers::dial::{dial, dial_with, fragment, masked, wsdriver};
use peers::stream::Behind;
use tungstenite::client::ClientRequestBuilder;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::Frame;
use tungstenite::{Error, Message};

const LENGTHS: [usize; 8] = [1, 124, 125, 126, 127, 65535, 65536, 1 << 20];

/// Sends messages one by one and expects them back.
fn check_echo(messages: impl Iterator<Item = Message>) {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    for message in messages {
        ws.send(message.clone()).unwrap();
        let got = ws.read().unwrap();
        assert!(
            got == message,
            "{} bytes came, expected {} bytes: {:.50}, expected {:.50}",
            got.len(),
            message.len(),
            got,
            message
        );
    }
}

#[test]
fn text() {
    let texts = ["", "hello", "grüße, κόσμε, 世界, 😀", "\u{10ffff}\0\u{feff}"].map(String::from);
    let long = LENGTHS.iter().flat_map(|&n| ["x".repeat(n), "😀".repeat(n / 4)]);
    check_echo(texts.into_iter().chain(long).map(Message::text));
}

#[test]
fn binary() {
    let bytes = |n: usize| (0..n).map(|i| (i % 251) as u8).collect::<Vec<u8>>();
    check_echo([0].into_iter().chain(LENGTHS).map(|n| Message::binary(bytes(n))));
}

#[test]
fn fragments_with_a_ping_between() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    let smile = "😀".as_bytes();
    ws.write(fragment(&smile[..2], Data::Text, false)).unwrap();
    ws.write(fragment(b"", Data::Continue, false)).unwrap();
    ws.write(Message::Ping("between".into())).unwrap();
    ws.write(fragment(&smile[2..], Data::Continue, false)).unwrap();
    ws.write(fragment(b"", Data::Continue, true)).unwrap();
    ws.flush().unwrap();
    assert_eq!(ws.read().unwrap(), Message::Pong("between".into()));
    assert_eq!(ws.read().unwrap(), Message::text("😀"));
}

#[test]
fn fragments_of_bytes_one_write_each() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    let bytes: Vec<u8> = (0..=255).collect();
    ws.send(fragment(b"", Data::Binary, false)).unwrap();
    for b in &bytes {
        ws.send(fragment(&[*b], Data::Continue, *b == 255)).unwrap();
    }
    assert_eq!(ws.read().unwrap(), Message::binary(bytes));
}

#[test]
fn pings_are_answered_in_order() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    let payloads: Vec<Vec<u8>> = (0..10).map(|i| vec![i; i as usize * 125 / 9]).collect();
    for p in &payloads {
        ws.write(Message::Ping(p.clone().into())).unwrap();
    }
    ws.flush().unwrap();
    for p in payloads {
        assert_eq!(ws.read().unwrap(), Message::Pong(p.into()));
    }
}

#[test]
fn pong_without_a_ping_is_ignored() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    ws.send(Message::Pong("unasked".into())).unwrap();
    ws.send("still there".into()).unwrap();
    assert_eq!(ws.read().unwrap(), Message::text("still there"));
}

#[test]
fn pings_of_the_server_are_answered() {
    let serving = wsdriver(&["-ping", "1s"]);
    let mut ws = dial(&serving);
    for _ in 0..2 {
        // The second comes only if the first was answered.
        let got = ws.read().unwrap();
        assert!(got.is_ping(), "{got:?} came, expected a ping");
    }
}

#[test]
fn message_in_the_same_write_as_the_request() {
    let serving = wsdriver(&[]);
    let early = masked(Frame::message("early", OpCode::Data(Data::Text), true));
    let behind = Behind::new([early, masked(Frame::ping("bird"))].concat().into());
    let (mut ws, _) = dial_with(&serving, &serving.url, behind).unwrap();
    assert_eq!(ws.read().unwrap(), Message::text("early"));
    assert_eq!(ws.read().unwrap(), Message::Pong("bird".into()));
}

#[test]
fn subprotocols() {
    let serving = wsdriver(&["-subprotocol", "b,a"]);
    for (offered, want) in [(&["a", "b"], "b"), (&["c", "a"], "a")] {
        let mut request = ClientRequestBuilder::new(serving.url.parse().unwrap());
        for name in offered {
            request = request.with_sub_protocol(*name);
        }
        let (_, response) = dial_with(&serving, request, Behind::default()).unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], want, "of {offered:?}");
    }
}

#[test]
fn version_that_is_not_served() {
    let serving = wsdriver(&["-versions", "8,7"]);
    match dial_with(&serving, &serving.url, Behind::default()) {
        Err(HandshakeError::Failure(Error::Http(response))) => {
            assert_eq!(response.status(), 426);
            assert_eq!(response.headers()["Sec-WebSocket-Version"], "8, 7");
        }
        Err(other) => panic!("{other}, expected a refusal"),
        Ok(_) => panic!("the handshake succeeded, expected a refusal"),
    }
}
