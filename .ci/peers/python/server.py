"""A server by the contract in ../README.md, on the threads of websockets' sync API.

It agrees on permessage-deflate if the client offers it. The arguments are
limits of its own: server_max_window_bits=10 client_no_context_takeover ...
"""

import logging
import socket
import sys
import urllib.parse

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.sync.server import serve


def handle(ws):
    """Serves an open connection."""
    try:
        match ws.request.path:
            case "/cut":
                ws.socket.shutdown(socket.SHUT_RDWR)
            case "/fragments":
                send_fragments(ws)
            case "/ping":
                ws.ping("p").wait()
                ws.send("ponged")
        for message in ws:
            ws.send(message)
    except ConnectionClosed:
        pass  # the clients end in every way there is


def send_fragments(ws):
    def parts(whole, at):
        yield whole[:at]
        ws.ping()
        yield whole[at:]

    ws.send(parts("grüße 😀", 3))
    ws.send(parts(bytes(range(256)), 100))


def refuse(ws, request):
    return ws.respond(403, "no entry") if request.path == "/refuse" else None


def speak_first(ws, request, response):
    """Puts what is said at once into the same write as the handshake."""
    url = urllib.parse.urlsplit(request.path)
    query = dict(urllib.parse.parse_qsl(url.query))
    protocol, send_response = ws.protocol, ws.protocol.send_response

    def send_all(response):
        send_response(response)
        match url.path, query:
            case "/greet", _:
                protocol.send_text(b"hello")
            case "/close", {"code": code}:
                protocol.send_close(int(code), query.get("reason", ""))
            case "/close", _:
                protocol.send_close()
        protocol.writes = [b"".join(protocol.writes)]

    if response.status_code == 101:
        protocol.send_response = send_all


def select_subprotocol(_, offered):
    return "b" if "b" in offered else None


def deflate(arguments):
    options = {}
    for argument in arguments:
        name, _, value = argument.partition("=")
        options[name] = int(value) if value else True
    return ServerPerMessageDeflateFactory(**options)


def main():
    logging.disable()  # clients that vanish would be logged
    with serve(
        handle, "127.0.0.1", 0, extensions=[deflate(sys.argv[1:])], compression=None, max_size=None, ping_interval=None,
        process_request=refuse, process_response=speak_first, select_subprotocol=select_subprotocol,
    ) as server:
        host, port = server.socket.getsockname()
        print(f"listening on ws://{host}:{port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
