"""A client of which the test decides what leaves in one write.

websockets parses and builds all frames; the socket is the test's.
"""

import socket
from collections import deque

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from serving import TIMEOUT


class Wire:
    def __init__(self, url, **options):
        """Connects by TCP; the options are those of ClientProtocol."""
        uri = parse_uri(url)
        self.protocol = ClientProtocol(uri, **{"max_size": None, **options})
        self.socket = socket.create_connection((uri.host, uri.port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = deque()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def request(self, *behind):
        """Returns the handshake's bytes with frames behind."""
        self.protocol.send_request(self.protocol.connect())
        frames = [frame.serialize(mask=True) for frame in behind]
        return b"".join(self.protocol.data_to_send() + frames)

    def open(self, *behind):
        """Shakes hands, with frames behind the request in the same write."""
        self.socket.sendall(self.request(*behind))
        return self.opened()

    def opened(self):
        """Waits for the answer to the handshake and returns self."""
        self.next()
        if self.protocol.handshake_exc is not None:
            raise self.protocol.handshake_exc
        return self

    def flush(self):
        """Sends all that the protocol has to send, in one write."""
        data = self.protocol.data_to_send()
        self.socket.sendall(b"".join(data))
        if b"" in data:  # the protocol's mark for the end
            self.socket.shutdown(socket.SHUT_WR)

    def next(self):
        """Returns the next frame, or None once the server has ended TCP."""
        while not self.received:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                if self.protocol.close_rcvd is None:
                    raise
                data = b""  # flush has sent something to a server that had ended TCP after its close frame
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
            self.received.extend(self.protocol.events_received())
            try:
                self.flush()
            except OSError:  # the server has ended TCP; what it sent before counts
                pass
            if not data and not self.received:
                return None
        return self.received.popleft()

    def closed(self):
        """Expects a close frame and then the end of TCP; returns the frame's code and reason."""
        frame = self.next()
        if not isinstance(frame, Frame) or frame.opcode is not Opcode.CLOSE:
            raise AssertionError(f"{frame} came, expected a close frame")
        if (after := self.next()) is not None:
            raise AssertionError(f"{after} came, expected the end")
        close = self.protocol.close_rcvd
        return close.code, close.reason
