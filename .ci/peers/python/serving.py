"""Servers that run as programs of their own, for the time of a test."""

import re
import signal
import subprocess

TIMEOUT = 60  # seconds; only what hangs gets there


class Serving:
    """A server that prints its URL, until the end of a with statement."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"ws://[^\s/]+/", line)
        if found is None:
            self.kill()
            raise AssertionError(f"{command} has printed {line!r}, expected its URL")
        self.url = found[0]

    def stop(self):
        """Ends it by a signal and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
