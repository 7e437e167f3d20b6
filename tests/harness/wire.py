"""
A client that sends exactly the bytes it is told, when it is told. Blocking sockets.

    wire = Wire.to(proxy).connect_tunnel("a.test:443").start_tls(proxy, "a.test")
    wire.send(b"GET / HTTP/1.1\\r\\nHost: a.test\\r\\n\\r\\n")
    assert wire.response().status == 200
"""

import json
import os
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from tests.harness.proxy import Proxy

PATIENCE_S = 15


class Closed(Exception):
    """The other side closed before what was asked for had arrived."""


@dataclass(frozen=True)
class Response:
    """One HTTP/1.1 response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(found) if found else None

    @property
    def problem(self) -> dict:
        """The problem+json of a refusal."""
        assert self.header("content-type") == "application/problem+json", self
        return json.loads(self.body)

    @property
    def type(self) -> str:
        """The last segment of the problem type: `destination`, `protocol`, ..."""
        return self.problem["type"].rpartition("/")[2].rpartition(":")[2]


class Wire:
    """One connection; TLS may be started on it, also inside a tunnel."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    @classmethod
    def to(cls, proxy: Proxy) -> "Wire":
        return cls(socket.create_connection(proxy.listen, timeout=PATIENCE_S))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes, *, segment: int = 0, pause: float = 0.0) -> "Wire":
        """All at once, or in segments of `segment` bytes with a pause after each."""
        if self.tls is not None:
            self.tls.write(data)
            data = self._outgoing.read()
        self._send_raw(data, segment, pause)
        return self

    def _send_raw(self, data: bytes, segment: int = 0, pause: float = 0.0) -> None:
        step = segment or len(data) or 1
        for start in range(0, len(data), step):
            self.sock.sendall(data[start : start + step])
            if pause:
                time.sleep(pause)

    def connect_tunnel(self, authority: str, headers: str = "") -> "Wire":
        """CONNECT; fails unless the answer is 200."""
        answer = self.try_tunnel(authority, headers)
        assert answer.status == 200, answer
        return self

    def try_tunnel(self, authority: str, headers: str = "") -> Response:
        self.send(
            f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{headers}\r\n".encode()
        )
        return self.response(method="CONNECT")

    def start_tls(
        self,
        trust: Proxy | ssl.SSLContext,
        name: str,
        *,
        alpn: Iterable[str] = (),
        segments: Iterable[int] = (),
        pause: float = 0.05,
    ) -> "Wire":
        """
        Handshake; `segments` cuts the ClientHello there, with a pause between.

        Raises:
            Closed, ssl.SSLError, OSError: it did not come about.
        """
        context = trust.trust() if isinstance(trust, Proxy) else trust
        if alpn:
            context.set_alpn_protocols(list(alpn))
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        cuts = list(segments)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                hello = self._outgoing.read()
                for size in cuts:
                    self._send_raw(hello[:size])
                    hello = hello[size:]
                    time.sleep(pause)
                cuts = []
                self._send_raw(hello)
                self._incoming.write(self._receive_raw())
        self._send_raw(self._outgoing.read())
        self.tls = tls
        return self

    @property
    def peer_issuer(self) -> str:
        """Common name of the issuer of the certificate that the other side showed."""
        assert self.tls is not None
        issuer = dict(pair[0] for pair in self.tls.getpeercert()["issuer"])
        return issuer.get("commonName", "")

    def _receive_raw(self) -> bytes:
        data = self.sock.recv(1 << 16)
        if not data:
            raise Closed(bytes(self.buffer))
        return data

    def receive(self) -> bytes:
        """
        Some bytes.

        Raises:
            Closed: the other side closed or reset.
        """
        while True:
            try:
                if self.tls is None:
                    return self._receive_raw()
                try:
                    data = self.tls.read(1 << 16)
                except ssl.SSLWantReadError:
                    self._incoming.write(self._receive_raw())
                    continue
                except ssl.SSLZeroReturnError as error:
                    raise Closed(bytes(self.buffer)) from error
            except ConnectionError as error:
                raise Closed(bytes(self.buffer)) from error
            if not data:
                raise Closed(bytes(self.buffer))
            return data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self.buffer += self.receive()
        return self.take(self.buffer.index(mark) + len(mark))

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.buffer += self.receive()
        return self.take(size)

    def take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        try:
            while True:
                self.buffer += self.receive()
        except Closed:
            return self.take(len(self.buffer))

    def is_closed(self, seconds: float = PATIENCE_S) -> bool:
        """True when the other side closes within `seconds`; what it sent is kept."""
        self.sock.settimeout(seconds)
        try:
            while True:
                self.buffer += self.receive()
        except Closed:
            return True
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(PATIENCE_S)

    def response(self, method: str = "GET") -> Response:
        """The next final response; 1xx other than 101 are skipped."""
        while True:
            lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            headers = [
                (name, value.strip())
                for name, _, value in (line.partition(":") for line in lines[1:-2])
            ]
            if not 100 <= status < 200 or status == 101:
                break
        answer = Response(status, headers, b"")
        bodiless = method == "HEAD" or status in (101, 204, 304)
        if bodiless or (method == "CONNECT" and status == 200):
            return answer
        return Response(status, headers, self._body(answer))

    def _body(self, answer: Response) -> bytes:
        if "chunked" in (answer.header("transfer-encoding") or ""):
            body = bytearray()
            while size := int(self.until(b"\r\n").split(b";")[0], 16):
                body += self.exactly(size + 2)[:-2]
            self.until(b"\r\n")
            return bytes(body)
        length = answer.header("content-length")
        return self.rest() if length is None else self.exactly(int(length))

    def request(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Response:
        """One ordinary request; content-length is added for a body."""
        fields = [*headers]
        if body:
            fields.append(("Content-Length", str(len(body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        return self.response(method)


def frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0
) -> bytes:
    """One masked WebSocket frame (RFC 6455, 5.2)."""
    first = (0x80 if final else 0) | reserved << 4 | opcode
    size = len(payload)
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 1 << 16:
        head = bytes([first, 0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, 0x80 | 127]) + size.to_bytes(8, "big")
    mask = os.urandom(4)
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked.to_bytes(size, "big")


def read_frame(wire: Wire) -> tuple[int, bytes]:
    """Opcode and payload of the next unmasked frame."""
    _, opcode, payload = _read_frame(wire)
    return opcode, payload


def read_message(wire: Wire) -> bytes:
    """The next data message, reassembled."""
    message = b""
    while True:
        final, _, payload = _read_frame(wire)
        message += payload
        if final:
            return message


def _read_frame(wire: Wire) -> tuple[bool, int, bytes]:
    first, second = wire.exactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(wire.exactly(2), "big")
    elif size == 127:
        size = int.from_bytes(wire.exactly(8), "big")
    return bool(first & 0x80), first & 0x0F, wire.exactly(size)
