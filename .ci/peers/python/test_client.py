"""Clients of "wsdriver serve": everything but compression and the end."""

import http.client
import os
import unittest

from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect
from websockets.uri import parse_uri

from serving import TIMEOUT, Serving
from wire import Wire

WSDRIVER = os.environ["WSDRIVER"]

TEXTS = ["", "hello", "grüße, κόσμε, 世界, 😀", "\U0010ffff\0\ufeff"]
LENGTHS = [1, 124, 125, 126, 127, 65535, 65536, 1 << 20]


def dial(url, **options):
    return connect(url, **{"compression": None, "proxy": None, "max_size": None, **options})


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.serving = cls.enterClassContext(Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0"))

    def wire(self, *behind):
        return self.enterContext(Wire(self.serving.url)).open(*behind)

    def check_echo(self, ws, message):
        ws.send(message)
        got = ws.recv(TIMEOUT)
        if got != message:  # assertEqual would print a megabyte
            self.fail(f"{len(got)} of {type(got)} came, expected {len(message)} of {type(message)}: "
                      f"{got[:50]!r}, expected {message[:50]!r}")

    def check_frames(self, wire, *want):
        got = [wire.next() for _ in want]
        self.assertEqual([(f.opcode, f.fin, bytes(f.data)) for f in got],
                         [(f.opcode, f.fin, bytes(f.data)) for f in want])

    def test_text(self):
        with dial(self.serving.url) as ws:
            for text in TEXTS + ["x" * n for n in LENGTHS] + ["😀" * (n // 4) for n in LENGTHS]:
                self.check_echo(ws, text)

    def test_binary(self):
        with dial(self.serving.url) as ws:
            for n in [0, *LENGTHS]:
                self.check_echo(ws, bytes(i % 251 for i in range(n)))

    def test_fragments_with_a_ping_between(self):
        wire, smile = self.wire(), "😀".encode()
        wire.protocol.send_text(b"one " + smile[:2], fin=False)
        wire.protocol.send_continuation(b"", fin=False)
        wire.protocol.send_ping(b"between")
        wire.protocol.send_continuation(smile[2:], fin=False)
        wire.protocol.send_continuation(b"", fin=True)
        wire.flush()
        self.check_frames(wire, Frame(Opcode.PONG, b"between"), Frame(Opcode.TEXT, b"one " + smile))

    def test_fragments_of_bytes_one_write_each(self):
        wire = self.wire()
        wire.protocol.send_binary(b"", fin=False)
        for i in range(256):
            wire.protocol.send_continuation(bytes([i]), fin=i == 255)
            wire.flush()
        self.check_frames(wire, Frame(Opcode.BINARY, bytes(range(256))))

    def test_pings_are_answered_in_order(self):
        wire = self.wire()
        payloads = [bytes([i]) * i for i in range(9)] + [b"x" * 125]
        for payload in payloads:
            wire.protocol.send_ping(payload)
        wire.flush()
        self.check_frames(wire, *[Frame(Opcode.PONG, payload) for payload in payloads])

    def test_pong_without_a_ping_is_ignored(self):
        wire = self.wire()
        wire.protocol.send_pong(b"unasked")
        wire.protocol.send_text(b"still there")
        wire.flush()
        self.check_frames(wire, Frame(Opcode.TEXT, b"still there"))

    def test_message_in_the_same_write_as_the_request(self):
        wire = self.wire(Frame(Opcode.TEXT, b"early"), Frame(Opcode.PING, b"bird"))
        self.check_frames(wire, Frame(Opcode.TEXT, b"early"), Frame(Opcode.PONG, b"bird"))

    def test_message_and_close_in_the_same_write_as_the_request(self):
        wire = self.wire(Frame(Opcode.TEXT, b"early"), Frame(Opcode.CLOSE, b"\x0f\xa0gone"))
        self.check_frames(wire, Frame(Opcode.TEXT, b"early"))
        self.assertEqual(wire.closed()[0], 4000)

    def test_request_and_message_byte_by_byte(self):
        wire = self.enterContext(Wire(self.serving.url))
        for byte in wire.request(Frame(Opcode.TEXT, b"slow")):
            wire.socket.sendall(bytes([byte]))
        wire.opened()
        self.check_frames(wire, Frame(Opcode.TEXT, b"slow"))


class ServerPings(unittest.TestCase):
    def test_pings_of_the_server_are_answered(self):
        serving = self.enterContext(Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0", "-ping", "1s"))
        wire = self.enterContext(Wire(serving.url)).open()
        for _ in range(2):  # the second comes only if the first was answered
            self.assertEqual(wire.next().opcode, Opcode.PING)


class Handshakes(unittest.TestCase):
    def serve(self, *flags):
        return self.enterContext(Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0", *flags)).url

    def test_subprotocols(self):
        url = self.serve("-subprotocol", "b,a")
        for offered, want in [(["a", "b"], "b"), (["c", "a"], "a"), (["c"], None), (None, None)]:
            with self.subTest(offered=offered), dial(url, subprotocols=offered) as ws:
                self.assertEqual(ws.subprotocol, want)

    def test_version_that_is_not_served(self):
        with self.assertRaises(InvalidStatus) as refused, dial(self.serve("-versions", "8,7")):
            pass
        response = refused.exception.response
        self.assertEqual(response.status_code, 426)
        self.assertEqual(response.headers["Sec-WebSocket-Version"], "8, 7")

    def test_key_of_a_wrong_length(self):
        wire = self.enterContext(Wire(self.serve()))
        wire.protocol.key = "c2hvcnQ="
        with self.assertRaises(InvalidStatus) as refused:
            wire.open()
        self.assertEqual(refused.exception.response.status_code, 400)

    def test_plain_http(self):
        uri = parse_uri(self.serve())
        connection = http.client.HTTPConnection(uri.host, uri.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request("GET", "/")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertIn(b"wsdriver", response.read())


if __name__ == "__main__":
    unittest.main()
