"""What the tests share: the simulator, a host that asks it, and a relay that sees connections close."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import unittest
from pathlib import Path

import outcrop

MODEL = "amazon-bedrock/us.amazon.nova-lite-v1:0"
REGION = {"region": "us-east-1"}
KEYS = {"access_key_id": "AKIDSIMULATOR000000", "secret_access_key": "simulator-secret"}
ROOT = Path(__file__).resolve().parents[3]

# For what must happen, and would otherwise hang the tests. Nothing depends on how long it is.
PATIENCE = 60


class Simulator:
    """The Bedrock simulator, as a process."""

    def __init__(self):
        program = Path(os.environ["OUTCROP_TEST_BINARIES"]) / "bedrock-sim"
        self._process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        self.endpoint = re.search(r"listening on (\S+)", self._process.stdout.readline())[1]

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


class Relay:
    """Stands between a client and the simulator, and sees which connections the client closes."""

    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._opened = self._closed = 0
        self._sockets = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def wait_until_closed(self, count):
        """Waits until the client has closed so many connections."""
        with self._changed:
            told = self._changed.wait_for(lambda: self._closed >= count, PATIENCE)
            assert told, f"{self._closed} of {self._opened} connections were closed, not {count}"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            with self._changed:
                self._opened += 1
            self._sockets += [client, server]
            for source, sink, by_client in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pump, args=(source, sink, by_client))
                thread.start()
                self._threads.append(thread)

    def _pump(self, source, sink, by_client):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        if by_client:
            with self._changed:
                self._closed += 1
                self._changed.notify_all()
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._sockets):
            end.close()


class Test(unittest.TestCase):
    """A test with a simulator and a host that asks it; both for all tests of the class."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator()
        cls.addClassCleanup(cls.simulator.stop)
        cls.host = cls.new_host()
        cls.addClassCleanup(cls.host.close)

    @classmethod
    def new_host(cls, **options):
        return outcrop.Host(**{**REGION, **KEYS, "endpoint": cls.simulator.endpoint, **cls.options, **options})

    def relay(self):
        relay = Relay(self.simulator.endpoint)
        self.addCleanup(relay.stop)
        return relay


def ask(prompt, **options):
    """A request that the simulator answers as its scenario says."""
    return outcrop.request(MODEL, prompt, **options)


def text(events):
    """The text of the deltas."""
    return "".join(event.delta for event in events if event.kind == "text_delta")
