"""A wire between a worker and the engine that can go silent in one direction, as networks do.

While held, what the worker says stays in the wire; what the engine says still arrives. So a worker can be
given a command, write the facts, and die before anybody heard that it did.
"""

import contextlib
import socket
import threading
import time

LOOPBACK = "127.0.0.1"
QUIET = 0.5
"""Seconds of silence after which a worker has asked for work again and waits for it."""


class Wire:
    """Listens on ``port`` and carries every connection to ``target``."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self._speaking = threading.Event()
        self._speaking.set()
        self._said = time.monotonic()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((LOOPBACK, port))
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """From now on nothing the worker says gets through.

        Held once it waits for work: were its asking held, the engine would have nobody to give a task to.
        """
        end = time.monotonic() + 10
        while (now := time.monotonic()) < self._said + QUIET and now < end:
            time.sleep(0.05)
        self._speaking.clear()

    def cut(self) -> None:
        """Drop what was held with every connection, then carry again."""
        with self._lock:
            for one in self._open:
                _close(one)
            self._open.clear()
        self._speaking.set()

    def close(self) -> None:
        """End."""
        self._ended = True
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((LOOPBACK, self._target), timeout=2)
            except OSError:
                _close(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, worker_speaks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if worker_speaks:
                    self._said = time.monotonic()
                    self._speaking.wait()
                sink.sendall(data)
        _close(source)
        _close(sink)
        with self._lock:
            self._open -= {source, sink}


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        one.close()
