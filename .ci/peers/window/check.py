"""Checks with zlib that what this library compresses keeps to the window agreed on.

WSDRIVER and CLIENT name the programs; see ../run.
"""

import asyncio
import base64
import concurrent.futures
import hashlib
import os
import random
import sys
import zlib

from exact import TAIL, Inflater
from wire import field, frame, read_frame, read_head

MESSAGES = 10000
CONNECTIONS = 72  # 64 of them keep their compressor, the others start from their last text
SEED = 1
EXTENSION = "permessage-deflate"
LETTERS = bytes(range(0x30, 0x70))


COMMON = bytes(random.Random(SEED).choices(LETTERS, k=400))  # text that all connections have in common


class Text:
    """Messages that repeat text from all distances up to 40 KiB."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.past = b""

    def next(self):
        r = self.random
        kind = r.random()
        size = r.randrange(20000 if kind < 0.002 else 3000 if kind < 0.05 else 600 if kind < 0.5 else 128)
        if r.random() < 0.05:
            return r.randbytes(size)  # incompressible
        parts = []
        while size > 0:
            part = self.letters(r.randrange(1, 40))
            if r.random() < 0.5:
                source = COMMON if r.random() < 0.1 or not self.past else self.past
                at = r.randrange(len(source))
                part = source[at : at + r.randrange(20, 300)]
            parts.append(part)
            size -= len(part)
        message = b"".join(parts)
        self.past = (self.past + message)[-40 << 10 :]
        return message

    def letters(self, n):
        return bytes(self.random.choices(LETTERS, k=n))


def prove():
    """zlib takes text that refers back by the window, and refuses one byte more."""
    for bits in range(8, 15):
        for far, good in ((1 << bits, True), ((1 << bits) + 1, False)):
            r = Text(bits)
            repeated = r.letters(200)
            text = repeated + r.letters(far - len(repeated)) + repeated
            compress = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = compress.compress(text) + compress.flush(zlib.Z_SYNC_FLUSH)
            try:
                ok = Inflater(bits).message(data[: -len(TAIL)]) == text
            except zlib.error:
                ok = False
            if ok != good:
                raise AssertionError(f"zlib with a window of {bits} bits, text from {far} bytes before: accepted is {ok}")
    return "zlib refuses what refers one byte too far back, 8 to 14 bits"


async def program(name, *args):
    return await asyncio.create_subprocess_exec(
        os.environ[name], *args, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


class Seen:
    """What a receiver has seen of a connection."""

    def __init__(self, bits):
        self.inflater = Inflater(bits)
        self.compressed = 0
        self.plain = 0

    def text(self, rsv1, payload):
        if not rsv1:
            self.plain += 1
            return payload
        self.compressed += 1
        return self.inflater.message(payload)


async def serve(bits):
    """Starts "wsdriver serve" and returns it and its port."""
    server = await program("WSDRIVER", "serve", "-addr", "127.0.0.1:0", f"-deflate=server_max_window_bits={bits}")
    line = (await server.stdout.readline()).decode()
    return server, int(line.rstrip().rstrip("/").rsplit(":", 1)[1])


async def connect(port, bits):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Extensions: %s; server_max_window_bits=%d\r\n\r\n" % (EXTENSION.encode(), bits)
    )
    agreed = field(await read_head(reader), "Sec-WebSocket-Extensions")
    if agreed != f"{EXTENSION}; server_max_window_bits={bits}":
        raise AssertionError(f"agreed on {agreed!r}")
    return reader, writer


async def send(conn, message):
    """Sends a message to the echo server and returns the frame that comes back."""
    reader, writer = conn
    writer.write(frame(2, message, masked=True))
    opcode, rsv1, payload = await read_frame(reader)
    if opcode != 2:
        raise AssertionError(f"opcode {opcode} came")
    return rsv1, payload


async def check_server(bits, window):
    """The server has agreed on bits; its messages have to fit into window bits."""
    server, port = await serve(bits)
    try:
        conns, seen, text = [], [], []
        for i in range(MESSAGES):
            if i % 20 == 0 and len(conns) < CONNECTIONS:  # the last ones get compressors that others have used
                conns.append(await connect(port, bits))
                seen.append(Seen(window))
                text.append(Text(SEED + i))
            at = i % len(conns)
            message = text[at].next()
            if seen[at].text(*await send(conns[at], message)) != message:
                raise AssertionError(f"message {i}, seed {SEED}: another text came back")
        what = f"{sum(s.compressed for s in seen)} of {MESSAGES} messages compressed"
        if bits == 15:
            what += await count_kept(conns, text)
        return what
    finally:
        server.terminate()
        await server.communicate()


async def count_kept(conns, text):
    """Tells the connections that keep their compressor from the others: these hold
    4 KiB of text (extensions/deflate, History), so text from before costs again."""
    kept = 0
    for conn, t in zip(conns, text):
        repeated = t.letters(1000)
        await send(conn, repeated)
        await send(conn, t.letters(6 << 10))
        _, payload = await send(conn, repeated)
        kept += len(payload) < 100
    if not 0 < kept < len(conns):
        raise AssertionError(f"{kept} of {len(conns)} connections keep their compressor, expected some and not all")
    return f", {kept} of {len(conns)} connections kept their compressor"


async def check_client(bits, window, *flags):
    """Likewise the client's messages, which come to a server of our own here."""
    seen, failed = [], []

    async def answer(reader, writer):
        key = field(await read_head(reader), "Sec-WebSocket-Key")
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Extensions: %s; client_max_window_bits=%d\r\n\r\n"
            % (accept, EXTENSION.encode(), bits)
        )
        seen.append(Seen(window))
        text = seen[-1].text
        opcode = 0
        while opcode != 8:
            opcode, rsv1, payload = await read_frame(reader)
            writer.write(frame(opcode, text(rsv1, payload) if opcode < 8 else payload, masked=False))
        writer.close()

    async def served(reader, writer):
        try:
            await answer(reader, writer)
        except Exception as e:
            failed.append(e)
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    client = await program(
        "CLIENT", "-url", f"ws://127.0.0.1:{port}", "-only", "traffic", "-deflate", f"client_max_window_bits={bits}",
        "-conns", str(CONNECTIONS), "-messages", str(MESSAGES), "-seed", str(SEED), *flags,
    )  # fmt: skip
    _, err = await client.communicate()
    server.close()
    if failed:
        raise failed[0]
    if client.returncode != 0:
        raise AssertionError(err.decode())
    return f"{sum(s.compressed for s in seen)} of {MESSAGES} messages compressed"


async def check_client_all(bits, window):
    """Likewise with messages of less than 128 bytes compressed, by other means."""
    return await check_client(bits, window, "-all")


ROLES = {"server": check_server, "client": check_client, "client that compresses all": check_client_all}


def check(role, bits, window):
    """Runs one check in a process of its own. With too small a window it has to
    fail, else it proves nothing."""
    try:
        what = asyncio.run(ROLES[role](bits, window))
    except zlib.error as e:
        if window < bits:
            return f"{role}, {bits} bits: zlib with {window} bits refuses it"
        raise AssertionError(f"{role}, {bits} bits: {e}") from e
    if window < bits:
        raise AssertionError(f"{role}, {bits} bits: zlib with {window} bits takes it, so the messages prove nothing")
    return f"{role}, {bits} bits: {what}"


def main():
    print("ok", prove(), flush=True)
    failed = False
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(check, role, bits, window)
            for bits in range(8, 16)
            for role in ROLES
            for window in ([bits, bits - 1] if bits > 8 else [bits])
        ]
        for job in jobs:
            try:
                print("ok", job.result(), flush=True)
            except Exception as e:
                failed = True
                print("not ok", e, flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
