"""Messages to send through a compressor; the same seed makes the same ones."""

import random

WORDS = ["the ", "quick ", "brown ", "fox ", "grüße ", "κόσμε ", "世界 ", "😀 ", '{"user":', '"name":"', '","id":', "},"]
THRESHOLDS = [128, 512]  # from these lengths on this library compresses


def messages(seed, count):
    """Yields texts and bytes: most of them short, a few long; a sixth of them can not be compressed."""
    rng = random.Random(seed)
    kept = [b""]  # some come again: what they refer back to is far away
    for _ in range(count):
        size = rng.choices([
            rng.randrange(THRESHOLDS[0]),
            rng.choice(THRESHOLDS) + rng.randrange(-2, 3),
            rng.randrange(4 << 10),
            rng.randrange(80 << 10),
        ], weights=[40, 10, 48, 2])[0]
        kind = rng.randrange(6)
        if kind == 0:
            yield rng.randbytes(size)
        elif kind == 1:
            yield rng.choice(kept)
        elif kind == 2:
            yield bytes([rng.randrange(256)]) * size
        else:
            text = "".join(rng.choices(WORDS, k=size // 5)) + str(rng.randrange(10**6))
            yield text
            if rng.randrange(4) == 0:
                kept = kept[-7:] + [text.encode()]
