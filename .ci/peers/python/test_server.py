"""This library's client against server.py: the scenario client walks through its steps."""

import itertools
import os
import subprocess
import sys
import unittest

from serving import TIMEOUT, Serving

CLIENT, WSDRIVER = os.environ["CLIENT"], os.environ["WSDRIVER"]

# websockets answers a close frame when it parses it: what its application
# would send for the messages before comes too late.
WITHOUT = ["close-then-messages"]

# websockets compresses every message, however short.
WITHOUT_COMPRESSED = [*WITHOUT, "traffic-in"]

# Neither side of websockets compresses with a window of 8 bits, which zlib can
# not do. Its server declines such an offer.
SERVER_BITS = [None, *range(9, 16)]
CLIENT_BITS = [None, *range(8, 16)]


def serve(*limits):
    return Serving(sys.executable, os.path.join(os.path.dirname(__file__), "server.py"), *limits)


def walk(url, *flags, without):
    """Runs the client, which is to succeed, and returns the steps that it has taken."""
    command = [CLIENT, "-url", url, "-without", ",".join(without), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2 * TIMEOUT)
    if done.returncode != 0:
        raise AssertionError(f"{command}:\n{done.stdout}")
    return [line.removeprefix("ok ").partition(":")[0] for line in done.stdout.splitlines()]


def parameters(server_alone, client_alone, server_bits, client_bits):
    """Returns them as they stand in the handshake; None and False leave one out."""
    return [
        *(["server_no_context_takeover"] if server_alone else []),
        *(["client_no_context_takeover"] if client_alone else []),
        *([f"server_max_window_bits={server_bits}"] if server_bits else []),
        *([f"client_max_window_bits={client_bits}"] if client_bits else []),
    ]


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.serving = cls.enterClassContext(serve())
        cls.steps = walk(cls.serving.url, without=WITHOUT)

    def check_traffic(self, url, offer, answer, *flags):
        """Sends messages after an offer that is to be answered so."""
        without = {*WITHOUT_COMPRESSED, *self.steps} - {"traffic"}
        agreed = "; ".join(["permessage-deflate", *answer])
        walk(url, "-deflate", ",".join(offer), "-agreed", agreed, *flags, without=without)

    def test_every_step(self):
        self.assertIn("traffic", self.steps)

    def test_every_step_compressed(self):
        walk(self.serving.url, "-deflate", "", "-agreed", "permessage-deflate", without=WITHOUT_COMPRESSED)

    def test_every_step_compressed_in_small_windows(self):
        small = parameters(True, True, 9, 8)
        with serve(*small) as serving:
            walk(serving.url, "-deflate", "", "-agreed", "; ".join(["permessage-deflate", *small]),
                 without=WITHOUT_COMPRESSED)

    def test_every_offer(self):
        flags = [False, True]
        for offer in itertools.product(flags, flags, SERVER_BITS, CLIENT_BITS):
            with self.subTest(offer=offer):
                offer = parameters(*offer)
                self.check_traffic(self.serving.url, offer, offer, "-messages", "100")

    def test_limits_that_the_server_sets(self):
        limits = [(False, False, bits, None) for bits in SERVER_BITS]
        limits += [(False, False, None, bits) for bits in CLIENT_BITS]
        limits += [(False, True, None, None), (True, False, None, None), (True, True, 10, 9)]
        for limit in limits:
            limit = parameters(*limit)
            with self.subTest(limit=limit), serve(*limit) as serving:
                self.check_traffic(serving.url, [], limit, "-messages", "200")

    def test_ten_thousand_messages(self):
        """Over one connection, compressed; with and without context takeover, and in small windows."""
        for kind in [(False, False, None, None), (True, True, None, None), (False, False, 9, 8)]:
            with self.subTest(kind=kind):
                kind = parameters(*kind)
                self.check_traffic(self.serving.url, kind, kind, "-messages", "10000")

    def test_ten_connections_at_once(self):
        self.check_traffic(self.serving.url, [], [], "-messages", "10000", "-conns", "10")

    def test_offer_that_the_server_declines(self):
        command = [WSDRIVER, "connect", "-deflate=server_max_window_bits=8", self.serving.url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as connect:
            connect.stdin.write("plain\n")
            connect.stdin.flush()
            self.assertEqual(connect.stdout.readline(), "plain\n")
            connect.stdin.close()
            self.assertEqual(connect.wait(TIMEOUT), 0)


if __name__ == "__main__":
    unittest.main()
