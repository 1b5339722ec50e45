"""WebSocket by hand: just what is needed to see the bytes of messages."""

import re
import struct


def frame(opcode, payload, masked):
    """A frame, not compressed. The masking key is zero, which changes nothing."""
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", 0x80 | opcode, mask | len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, mask | 126, len(payload))
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, mask | 127, len(payload))
    return head + bytes(4 if masked else 0) + payload


async def read_frame(reader):
    """Returns opcode, whether RSV1 is set, and the payload. No fragments."""
    first, second = await reader.readexactly(2)
    if not first & 0x80:
        raise ValueError("a fragment")
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    key = await reader.readexactly(4) if second & 0x80 else bytes(4)
    payload = await reader.readexactly(length)
    if any(key):
        pad = key * (length // 4 + 1)
        mask = int.from_bytes(pad[:length], "big")
        payload = (int.from_bytes(payload, "big") ^ mask).to_bytes(length, "big")
    return first & 0x0F, bool(first & 0x40), payload


async def read_head(reader):
    return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")


def field(head, name):
    """The value of a field, or ''."""
    found = re.search(rf"^{name}: *(.*?) *\r$", head, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
