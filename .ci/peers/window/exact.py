"""zlib's inflate with exactly a given window."""

import zlib

TAIL = b"\x00\x00\xff\xff"  # RFC 7692, section 7.2.2


class Inflater:
    """Inflates messages one after another, with one window of 2**bits bytes.

    inflate() of zlib lets text refer to all that the same call has put out,
    however small the window is. So it is asked for one byte at a time: then only
    the window is left to refer to.
    """

    def __init__(self, bits, takeover=True):
        self.bits = bits
        self.takeover = takeover
        self.zlib = zlib.decompressobj(-bits)

    def message(self, data):
        """Returns the text of a message; zlib.error if it refers too far back."""
        if not self.takeover:
            self.zlib = zlib.decompressobj(-self.bits)
        text = bytearray()
        decompress = self.zlib.decompress
        data += TAIL
        for i in range(0, len(data), 256):  # zlib copies what it has not used yet
            rest = data[i : i + 256]
            while True:
                byte = decompress(rest, 1)
                rest = self.zlib.unconsumed_tail
                if not byte:
                    break
                text += byte
        return bytes(text)
