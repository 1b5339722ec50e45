//! Connections to "wsdriver serve".

use std::env;
use std::net::TcpStream;
use std::process::Command;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::{ClientHandshake, Response};
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::Frame;
use tungstenite::{client, Message, WebSocket};

use crate::serving::Serving;
use crate::stream::{Behind, Stream};

/// Starts the server.
pub fn wsdriver(flags: &[&str]) -> Serving {
    let program = env::var("WSDRIVER").expect("WSDRIVER names no command");
    Serving::start(
        Command::new(program)
            .args(["serve", "-addr", "127.0.0.1:0"])
            .args(flags),
    )
}

/// Opens a connection.
pub fn dial(serving: &Serving) -> WebSocket<Stream> {
    dial_with(serving, &serving.url, Behind::default()).unwrap().0
}

/// Opens one with a request of the caller's, and bytes behind it in the same write.
pub fn dial_with(
    serving: &Serving,
    request: impl IntoClientRequest,
    behind: Behind,
) -> Result<(WebSocket<Stream>, Response), HandshakeError<ClientHandshake<Stream>>> {
    let address = serving.url.trim_start_matches("ws://").trim_end_matches('/');
    let tcp = TcpStream::connect(address).unwrap();
    client(request, Stream::new(tcp, behind).unwrap())
}

/// Returns a frame of a message.
pub fn fragment(payload: &[u8], kind: Data, fin: bool) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(kind), fin))
}

/// Returns the bytes of a frame, masked with a key of zeros.
pub fn masked(mut frame: Frame) -> Vec<u8> {
    frame.header_mut().mask = Some([0; 4]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}
