"""Clients of "wsdriver serve -deflate"."""

import itertools
import os
import unittest
import zlib

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Offer
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from serving import TIMEOUT, Serving
from traffic import messages
from wire import Wire

WSDRIVER = os.environ["WSDRIVER"]
BATCH = 8  # messages that are under way at once


def serve(parameters="true"):
    return Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0", f"-deflate={parameters}")


def dial(url, offer):
    return connect(url, extensions=[offer], compression=None, proxy=None, max_size=None)


class Watch:
    """Counts which messages come compressed and which do not."""

    def __init__(self, protocol):
        self.compressed = self.plain = 0
        [self.extension] = protocol.extensions
        self.decode, self.extension.decode = self.extension.decode, self.look

    def look(self, frame, **options):
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self.compressed += frame.rsv1
            self.plain += not frame.rsv1
        return self.decode(frame, **options)


class Deflate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.serving = cls.enterClassContext(serve())

    def check_traffic(self, ws, seed, count):
        """Sends messages, some at once, and compares each echo."""
        watch = Watch(ws.protocol)
        generated = enumerate(messages(seed, count))
        while batch := list(itertools.islice(generated, BATCH)):
            for _, message in batch:
                ws.send(message)
            for i, message in batch:
                got = ws.recv(TIMEOUT)
                if got != message:
                    self.fail(f"seed {seed}, message {i}: {len(got)} of {type(got)} came: {got[:50]!r}, "
                              f"expected {len(message)} of {type(message)}: {message[:50]!r}")
        self.assertGreater(watch.compressed, 0, "none came compressed")
        self.assertGreater(watch.plain, 0, "all came compressed, short ones too")

    def check_agreed(self, ws, server_takeover, client_takeover, server_bits, client_bits):
        [e] = ws.protocol.extensions
        self.assertEqual(
            (not e.remote_no_context_takeover, not e.local_no_context_takeover,
             e.remote_max_window_bits, e.local_max_window_bits),
            (server_takeover, client_takeover, server_bits, client_bits))

    def test_every_offer(self):
        """The 324 that websockets can make; it knows no client_max_window_bits of 8."""
        flags, server, client = [False, True], [None, *range(8, 16)], [None, True, *range(9, 16)]
        for seed, offer in enumerate(itertools.product(flags, flags, server, client)):
            with self.subTest(offer=offer, seed=seed), dial(self.serving.url, Offer(*offer)) as ws:
                server_alone, client_alone, server_bits, client_bits = offer
                if client_bits in (None, True):
                    client_bits = 15
                self.check_agreed(ws, not server_alone, not client_alone, server_bits or 15, client_bits)
                self.check_traffic(ws, seed, 40)

    def test_ten_thousand_messages_under_context_takeover(self):
        with dial(self.serving.url, Offer()) as ws:
            self.check_agreed(ws, True, True, 15, 15)
            self.check_traffic(ws, 1, 10_000)

    def test_ten_thousand_messages_without_context_takeover(self):
        with dial(self.serving.url, Offer(True, True)) as ws:
            self.check_traffic(ws, 2, 10_000)

    def test_ten_thousand_messages_in_small_windows(self):
        with dial(self.serving.url, Offer(False, False, 8, 9)) as ws:
            self.check_traffic(ws, 3, 10_000)

    def test_limits_that_the_server_sets(self):
        limits = [(f"server_max_window_bits={n}", (True, True, n, 15)) for n in range(8, 16)]
        limits += [(f"client_max_window_bits={n}", (True, True, 15, n)) for n in range(9, 16)]
        limits += [
            ("server_no_context_takeover", (False, True, 15, 15)),
            ("client_no_context_takeover", (True, False, 15, 15)),
            ("server_no_context_takeover,client_no_context_takeover,server_max_window_bits=9,client_max_window_bits=10",
             (False, False, 9, 10)),
        ]
        for parameters, want in limits:
            with self.subTest(parameters), serve(parameters) as serving, dial(serving.url, Offer()) as ws:
                self.check_agreed(ws, *want)
                self.check_traffic(ws, 4, 200)

    def test_limit_that_the_client_does_not_offer(self):
        with serve("client_max_window_bits=10") as serving:
            with dial(serving.url, Offer(client_max_window_bits=None)) as ws:
                self.assertEqual(ws.protocol.extensions, [])
                ws.send("plain" * 200)
                self.assertEqual(ws.recv(TIMEOUT), "plain" * 200)

    def test_server_without_compression(self):
        with Serving(WSDRIVER, "serve", "-addr", "127.0.0.1:0") as serving:
            with dial(serving.url, Offer()) as ws:
                self.assertEqual(ws.protocol.extensions, [])
                ws.send("plain" * 200)
                self.assertEqual(ws.recv(TIMEOUT), "plain" * 200)

    def test_every_kind_of_block(self):
        """What zlib can be told: stored blocks, fixed and dynamic codes, no matches, many short blocks."""
        for settings in [
            {"level": 0}, {"level": 1}, {"level": 9}, {"memLevel": 1}, {"memLevel": 9},
            {"strategy": zlib.Z_FIXED}, {"strategy": zlib.Z_HUFFMAN_ONLY}, {"strategy": zlib.Z_RLE},
        ]:
            with self.subTest(settings), dial(self.serving.url, Offer(compress_settings=settings)) as ws:
                self.check_traffic(ws, 5, 500)

    def test_large(self):
        with dial(self.serving.url, Offer()) as ws:
            for message in ["😀 and so on " * (1 << 16), bytes(1 << 20), os.urandom(1 << 20)]:
                ws.send(message)
                self.assertTrue(ws.recv(TIMEOUT) == message, f"{len(message)} come back")


class Frames(unittest.TestCase):
    """What websockets itself does not send."""

    def setUp(self):
        serving = self.enterContext(serve())
        self.wire = self.enterContext(Wire(serving.url, extensions=[Offer()])).open()
        [self.extension] = self.wire.protocol.extensions

    def check_echo(self, text):
        frame = self.wire.next()
        self.assertEqual((frame.opcode, bytes(frame.data)), (Opcode.TEXT, text))

    def test_fragments_with_a_ping_between(self):
        text, send = "grüße 😀 ".encode() * 50, self.wire.protocol
        for _ in range(3):
            send.send_text(text[:100], fin=False)
            send.send_continuation(b"", fin=False)
            send.send_ping(b"between")
            send.send_continuation(text[100:], fin=False)
            send.send_continuation(b"", fin=True)
        self.wire.flush()
        for _ in range(3):
            self.assertEqual(self.wire.next().opcode, Opcode.PONG)
            self.check_echo(text)

    def test_uncompressed_messages_between(self):
        for i in range(10):
            text = b"one like the other, " * 20 + b"%d" % i
            self.wire.protocol.extensions = [self.extension] if i % 2 else []
            self.wire.protocol.send_text(text)
            self.wire.flush()
            self.wire.protocol.extensions = [self.extension]
            self.check_echo(text)

    def test_block_that_says_it_is_the_last(self):
        """RFC 7692, section 7.2.3.4."""
        for text in [b"once", b"and " * 100, b"and " * 100]:
            compressor = zlib.compressobj(wbits=-15)
            data = compressor.compress(text) + compressor.flush(zlib.Z_FINISH) + b"\0"
            self.send_compressed(data)
            self.check_echo(text)

    def test_empty_message(self):
        self.send_compressed(b"\0")  # RFC 7692, section 7.2.3.6
        self.check_echo(b"")

    def test_flush_points_inside_a_message(self):
        compressor = zlib.compressobj(wbits=-15)
        data = b""
        for _ in range(4):
            data += compressor.compress(b"again and ") + compressor.flush(zlib.Z_SYNC_FLUSH)
            data += compressor.compress(b"again. ") + compressor.flush(zlib.Z_FULL_FLUSH)
        self.send_compressed(data[:-4])
        self.check_echo(b"again and again. " * 4)

    def test_what_can_not_be_inflated_fails_the_connection(self):
        self.send_compressed(b"\x07")  # a block of the type that does not exist
        self.assertEqual(self.wire.closed()[0], 1007)

    def send_compressed(self, data):
        """Sends a text whose compressed form is data."""
        header = bytes([0xC0 | Opcode.TEXT, 0x80 | len(data)])
        self.assertLess(len(data), 126)
        self.wire.socket.sendall(header + bytes(4) + data)


if __name__ == "__main__":
    unittest.main()
