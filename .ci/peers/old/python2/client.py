# -*- coding: utf-8 -*-
"""The client of ../README.md, with websocket-client 0.4.1 and Python 2.7."""

import logging
import sys

import websocket

LIMIT = 60  # seconds; only what hangs gets there
TEXTS = ["", "hello", "grüße, κόσμε, 世界, 😀"] + ["x" * n for n in (1, 125, 126, 127, 65535)]


def same(got, want):
    if got != want:
        raise AssertionError("got %.50r, expected %.50r" % (got, want))


def connect(url):
    # It offers no subprotocol by itself, and does not show the one that is chosen.
    ws = websocket.WebSocket()
    ws.settimeout(LIMIT)
    ws.connect(url, header=["Sec-WebSocket-Protocol: b"])
    return ws


def main(url, version):
    logging.disable(logging.CRITICAL)
    same(version, "hixie-76")
    ws = connect(url)
    for text in TEXTS:
        ws.send(text)
        same(ws.recv(), text)
    ws.close()

    ws = connect(url)
    print("waiting")
    sys.stdout.flush()
    same(ws.recv(), None)  # a close frame


if __name__ == "__main__":
    main(*sys.argv[1:])
