//! A server by the contract in ../README.md.

use std::net::{TcpListener, TcpStream};
use std::thread;

use peers::stream::{Behind, Stream};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::{accept_hdr, Message, WebSocket};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on ws://{}/", listener.local_addr()?);
    for tcp in listener.incoming() {
        let tcp = tcp?;
        // What serve returns is how the connection ended: the clients end in every way there is.
        thread::spawn(move || drop(serve(tcp)));
    }
    Ok(())
}

fn serve(tcp: TcpStream) -> Result<()> {
    let behind = Behind::default();
    let mut uri = Default::default();
    let answer = |request: &Request, response: Response| {
        uri = request.uri().clone();
        handshake(request, response, &behind)
    };
    let mut ws = accept_hdr(Stream::new(tcp, behind.clone())?, answer).map_err(|e| e.to_string())?;
    match uri.path() {
        "/close" => ws.close(uri.query().map(close_frame).transpose()?)?,
        "/cut" => return Ok(()),
        "/fragments" => send_fragments(&mut ws)?,
        "/ping" => {
            ws.send(Message::Ping("p".into()))?;
            while ws.read()? != Message::Pong("p".into()) {}
            ws.send("ponged".into())?;
        }
        _ => (),
    }
    loop {
        let message = ws.read()?; // answers pings and close frames
        if message.is_text() || message.is_binary() {
            ws.send(message)?;
        }
    }
}

/// Answers a request: picks the subprotocol, refuses, greets.
fn handshake(
    request: &Request,
    mut response: Response,
    behind: &Behind,
) -> std::result::Result<Response, ErrorResponse> {
    match request.uri().path() {
        "/refuse" => {
            let body = "no entry";
            let refusal = Response::builder().status(403).header("Content-Length", body.len());
            return Err(refusal.body(Some(body.to_string())).expect("all parts are valid"));
        }
        "/greet" => {
            let hello = Frame::message("hello", OpCode::Data(Data::Text), true);
            hello.format(&mut *behind.borrow_mut()).expect("writing to memory");
        }
        _ => (),
    }
    let offered = request
        .headers()
        .get_all("Sec-WebSocket-Protocol")
        .iter()
        .filter_map(|v| v.to_str().ok());
    if offered.flat_map(|v| v.split(',')).any(|name| name.trim() == "b") {
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", "b".parse().expect("a token"));
    }
    Ok(response)
}

/// Reads code=4001&reason=bye.
fn close_frame(query: &str) -> Result<CloseFrame> {
    let (code, reason) = query
        .strip_prefix("code=")
        .and_then(|q| q.split_once("&reason="))
        .ok_or("no code and reason")?;
    Ok(CloseFrame {
        code: code.parse::<u16>()?.into(),
        reason: reason.into(),
    })
}

/// Sends a text, cut inside a character, and bytes, with a ping between the frames.
fn send_fragments(ws: &mut WebSocket<Stream>) -> tungstenite::Result<()> {
    let text = "grüße 😀".as_bytes().to_vec();
    let binary = (0..=255).collect();
    for (kind, mut payload, at) in [(Data::Text, text, 3), (Data::Binary, binary, 100)] {
        let rest: Vec<u8> = payload.split_off(at);
        ws.write(Message::Frame(Frame::message(payload, OpCode::Data(kind), false)))?;
        ws.write(Message::Ping("between".into()))?;
        ws.write(Message::Frame(Frame::message(rest, OpCode::Data(Data::Continue), true)))?;
    }
    ws.flush()
}
