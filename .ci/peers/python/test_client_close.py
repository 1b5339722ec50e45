"""Clients of "wsdriver serve": every way to end."""

import os
import select
import socket
import struct
import unittest

from websockets.frames import Close, Frame, Opcode
from websockets.sync.client import connect

from serving import TIMEOUT, Serving
from wire import Wire

WSDRIVER = os.environ["WSDRIVER"]
SENDABLE = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]


class Closing(unittest.TestCase):
    def setUp(self):
        self.serving = self.enterContext(Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0", "-max-message", "1000"))

    def wire(self):
        """Opens a connection; the echo shows that the server is at it, not at its handshake."""
        wire = self.enterContext(Wire(self.serving.url)).open(Frame(Opcode.TEXT, b"there?"))
        self.assertEqual(wire.next().data, b"there?")
        return wire

    def check_serving(self):
        """The server serves on, and holds nothing that keeps it from ending."""
        with connect(self.serving.url, proxy=None) as ws:
            ws.send("anybody there?")
            self.assertEqual(ws.recv(TIMEOUT), "anybody there?")
        self.assertEqual(self.serving.stop(), 0)

    def test_client_first(self):
        with connect(self.serving.url, proxy=None) as ws:
            ws.close(4000, "see you")
            self.assertEqual(ws.protocol.close_rcvd, Close(4000, ""))
            self.assertFalse(ws.protocol.close_rcvd_then_sent)
        self.check_serving()

    def test_client_first_with_every_code(self):
        for code in SENDABLE:
            with self.subTest(code=code):
                wire = self.wire()
                wire.protocol.send_close(code, "grüße 😀")
                wire.flush()
                self.assertEqual(wire.closed(), (code, ""))

    def test_client_first_without_code(self):
        wire = self.wire()
        wire.protocol.send_close()
        wire.flush()
        self.assertEqual(wire.closed(), (1005, ""))

    def test_client_first_behind_messages(self):
        wire = self.wire()
        for i in range(100):
            wire.protocol.send_text(b"message %d" % i)
        wire.protocol.send_close(1000)
        wire.flush()
        got = [bytes(wire.next().data) for _ in range(100)]
        self.assertEqual(got, [b"message %d" % i for i in range(100)])
        self.assertEqual(wire.closed(), (1000, ""))

    def test_client_first_in_the_middle_of_a_message(self):
        wire = self.wire()
        wire.protocol.send_text(b"half", fin=False)
        wire.protocol.send_close(1000)
        wire.flush()
        self.assertEqual(wire.closed(), (1000, ""))

    def test_server_first(self):
        wires = [self.wire() for _ in range(3)]
        self.serving.process.terminate()
        for wire in wires:
            self.assertEqual(wire.closed(), (1001, "the server is shutting down"))
            self.assertTrue(wire.protocol.close_rcvd_then_sent)
        self.assertEqual(self.serving.process.wait(TIMEOUT), 0)

    def test_both_at_once(self):
        wire = self.wire()
        self.serving.process.terminate()
        readable, _, _ = select.select([wire.socket], [], [], TIMEOUT)
        self.assertTrue(readable, "the server sends no close frame")
        wire.protocol.send_close(4000, "me too")  # it has not seen the server's
        wire.flush()
        self.assertEqual(wire.closed(), (1001, "the server is shutting down"))
        self.assertFalse(wire.protocol.close_rcvd_then_sent)
        self.assertEqual(self.serving.process.wait(TIMEOUT), 0)

    def test_server_first_messages_cross(self):
        wire = self.wire()
        self.serving.process.terminate()
        readable, _, _ = select.select([wire.socket], [], [], TIMEOUT)
        self.assertTrue(readable, "the server sends no close frame")
        wire.protocol.send_text(b"not seen yet that you close")
        wire.flush()
        self.assertEqual(wire.closed(), (1001, "the server is shutting down"))
        self.assertEqual(self.serving.process.wait(TIMEOUT), 0)

    def test_server_fails_the_connection(self):
        for name, sent, code in [
            ("text is not UTF-8", Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007),
            ("frame is not masked", Frame(Opcode.TEXT, b"x").serialize(mask=False), 1002),
            ("reserved bit", b"\xc1\x80\0\0\0\0", 1002),
            ("nothing to continue", Frame(Opcode.CONT, b"x").serialize(mask=True), 1002),
            ("message too long", Frame(Opcode.TEXT, b"x" * 1001).serialize(mask=True), 1009),
            ("close code 1005", Frame(Opcode.CLOSE, b"\x03\xed").serialize(mask=True), 1002),
        ]:
            with self.subTest(name):
                wire = self.wire()
                wire.socket.sendall(sent)
                self.assertEqual(wire.closed()[0], code)
        self.check_serving()

    def test_client_ends_tcp_without_a_close_frame(self):
        half = Frame(Opcode.TEXT, b"only half of this").serialize(mask=True)[:10]
        for name, sent in [("between messages", b""), ("in the middle of a frame", half)]:
            with self.subTest(name):
                wire = self.wire()
                wire.socket.sendall(sent)
                wire.socket.shutdown(socket.SHUT_WR)
                self.assertIsNone(wire.next(), "the server ends TCP too")
                self.assertEqual(wire.protocol.close_code, 1006)
        self.check_serving()

    def test_client_ends_tcp_in_the_handshake(self):
        wire = self.enterContext(Wire(self.serving.url))
        wire.socket.sendall(wire.request()[:50])
        wire.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(wire.socket.recv(1), b"")
        self.check_serving()

    def test_client_resets_tcp(self):
        wire = self.wire()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
        self.check_serving()

    def test_server_is_killed(self):
        wire = self.wire()
        self.serving.process.kill()
        self.assertIsNone(wire.next())
        self.assertEqual(wire.protocol.close_code, 1006)


if __name__ == "__main__":
    unittest.main()
