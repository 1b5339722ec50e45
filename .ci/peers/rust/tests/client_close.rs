//! Clients of "wsdriver serve": every way to end.

use std::io::Write;
use std::net::Shutdown;

use peers::dial::{dial, dial_with, fragment, masked, wsdriver};
use peers::serving::Serving;
use peers::stream::{Behind, Stream};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::{Error, Message, WebSocket};

const SENDABLE: [u16; 16] = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];

fn close_frame(code: u16, reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame {
        code: code.into(),
        reason: reason.to_string().into(),
    })
}

/// Expects a close frame and then the end of TCP; returns what the frame said.
#[track_caller]
fn closed(ws: &mut WebSocket<Stream>) -> Option<CloseFrame> {
    let said = match ws.read().unwrap() {
        Message::Close(said) => said,
        other => panic!("{other:?} came, expected a close frame"),
    };
    let end = ws.read();
    assert!(
        matches!(end, Err(Error::ConnectionClosed)),
        "{end:?} came, expected the end"
    );
    said
}

/// Expects the end of TCP without a close frame.
#[track_caller]
fn check_cut(ws: &mut WebSocket<Stream>) {
    let end = ws.read();
    let cut = matches!(end, Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)));
    assert!(cut, "{end:?} came, expected the end without a close frame");
}

/// Opens a connection; the echo shows that the server is at it, not at its handshake.
fn served(serving: &Serving) -> WebSocket<Stream> {
    let mut ws = dial(serving);
    ws.send("there?".into()).unwrap();
    assert_eq!(ws.read().unwrap(), Message::text("there?"));
    ws
}

/// The server serves on, and holds nothing that keeps it from ending.
fn check_serving(mut serving: Serving) {
    let mut ws = served(&serving);
    serving.signal("TERM");
    assert_eq!(closed(&mut ws), close_frame(1001, "the server is shutting down"));
    assert!(serving.wait().success());
}

#[test]
fn client_first_with_every_code() {
    let serving = wsdriver(&[]);
    for code in SENDABLE {
        let mut ws = dial(&serving);
        ws.close(close_frame(code, "grüße 😀")).unwrap();
        assert_eq!(closed(&mut ws), close_frame(code, ""));
    }
    check_serving(serving);
}

#[test]
fn client_first_without_code() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    ws.close(None).unwrap();
    assert_eq!(closed(&mut ws), None);
}

#[test]
fn client_first_behind_messages() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    for i in 0..100 {
        ws.write(Message::text(format!("message {i}"))).unwrap();
    }
    ws.close(close_frame(1000, "")).unwrap();
    for i in 0..100 {
        assert_eq!(ws.read().unwrap(), Message::text(format!("message {i}")));
    }
    assert_eq!(closed(&mut ws), close_frame(1000, ""));
}

#[test]
fn client_first_in_the_middle_of_a_message() {
    let serving = wsdriver(&[]);
    let mut ws = dial(&serving);
    ws.write(fragment(b"half", Data::Text, false)).unwrap();
    ws.close(close_frame(1000, "")).unwrap();
    assert_eq!(closed(&mut ws), close_frame(1000, ""));
}

#[test]
fn client_first_in_the_same_write_as_the_request() {
    let serving = wsdriver(&[]);
    let close = masked(Frame::from_payload(Default::default(), b"\x0f\xa0gone".to_vec().into()));
    let (mut ws, _) = dial_with(&serving, &serving.url, Behind::new(close.into())).unwrap();
    // tungstenite does not know what it has sent, and answers the answer.
    assert_eq!(ws.read().unwrap(), Message::Close(close_frame(4000, "")));
    check_serving(serving);
}

#[test]
fn server_first() {
    let mut serving = wsdriver(&[]);
    let mut all = [served(&serving), served(&serving), served(&serving)];
    serving.signal("TERM");
    for ws in &mut all {
        assert_eq!(closed(ws), close_frame(1001, "the server is shutting down"));
    }
    assert!(serving.wait().success());
}

#[test]
fn both_at_once() {
    let mut serving = wsdriver(&[]);
    let mut ws = served(&serving);
    serving.signal("TERM");
    ws.get_ref().tcp.peek(&mut [0]).unwrap(); // the server's close frame is there, and not seen
    ws.close(close_frame(4000, "me too")).unwrap();
    assert_eq!(closed(&mut ws), close_frame(1001, "the server is shutting down"));
    assert!(serving.wait().success());
}

#[test]
fn server_fails_the_connection() {
    let serving = wsdriver(&["-max-message", "1000"]);
    let text = OpCode::Data(Data::Text);
    let mut reserved = Frame::message("x", text, true);
    reserved.header_mut().rsv1 = true;
    for (name, frame, code) in [
        ("not UTF-8", Frame::message(vec![0xff], text, true), 1007),
        ("reserved bit", reserved, 1002),
        (
            "nothing to continue",
            Frame::message("x", OpCode::Data(Data::Continue), true),
            1002,
        ),
        ("message too long", Frame::message(vec![b'x'; 1001], text, true), 1009),
    ] {
        let mut ws = dial(&serving);
        ws.send(Message::Frame(frame)).unwrap();
        let got = closed(&mut ws).map(|said| u16::from(said.code));
        assert_eq!(got, Some(code), "{name}");
    }
    check_serving(serving);
}

#[test]
fn client_ends_tcp_without_a_close_frame() {
    let serving = wsdriver(&[]);
    let half = &masked(Frame::message("only half of this", OpCode::Data(Data::Text), true))[..10];
    for sent in [b"", half] {
        let mut ws = dial(&serving);
        let mut tcp = &ws.get_ref().tcp;
        tcp.write_all(sent).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        check_cut(&mut ws);
    }
    check_serving(serving);
}

#[test]
fn server_is_killed() {
    let serving = wsdriver(&[]);
    let mut ws = served(&serving);
    serving.signal("KILL");
    check_cut(&mut ws);
}
