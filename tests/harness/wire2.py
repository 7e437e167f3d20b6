"""HTTP/2 on a `Wire`: ordinary requests, and frames that no library would send."""

import h2.config
import h2.connection
import h2.events
import hpack

from tests.harness.wire import Wire


class Http2:
    """A client that can also send raw frames; header checks are off."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.connection.initiate_connection()
        self.encoder = hpack.Encoder()
        self.events: list[h2.events.Event] = []
        self.flush()

    def flush(self) -> None:
        self.wire.send(self.connection.data_to_send())

    def frame(self, kind: int, flags: int, stream: int, payload: bytes = b"") -> None:
        """Any frame (RFC 9113, 4.1), past the library's own state."""
        head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
        self.wire.send(head + stream.to_bytes(4, "big") + payload)

    def open(
        self,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        trailers: list[tuple[str, str]] | None = None,
    ) -> int:
        """Send a request; its stream."""
        stream = self.connection.get_next_available_stream_id()
        ends = not body and trailers is None
        self.connection.send_headers(stream, headers, end_stream=ends)
        if body:
            self.connection.send_data(stream, body, end_stream=trailers is None)
        if trailers is not None:
            self.connection.send_headers(stream, trailers, end_stream=True)
        self.flush()
        return stream

    def answer(self, stream: int) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; 0 when the stream or connection was ended."""
        status, headers, body = 0, {}, bytearray()
        while True:
            for event in self.events:
                if isinstance(event, h2.events.ConnectionTerminated):
                    return status, headers, bytes(body)
                if getattr(event, "stream_id", None) != stream:
                    continue
                match event:
                    case h2.events.ResponseReceived():
                        headers = dict(event.headers)
                        status = int(headers[":status"])
                    case h2.events.DataReceived():
                        body += event.data
                        self.connection.acknowledge_received_data(
                            event.flow_controlled_length, stream
                        )
                    case h2.events.StreamEnded():
                        self.events = []
                        return status, headers, bytes(body)
                    case h2.events.StreamReset():
                        return 0, headers, bytes(body)
            self.events = list(self.connection.receive_data(self.wire.receive()))
            self.flush()

    def get(
        self, authority: str, path: str = "/", method: str = "GET", **extra: str
    ) -> tuple[int, dict[str, str]]:
        headers = request_headers(authority, path, method)
        stream = self.open(
            [*headers, *((n.replace("_", "-"), v) for n, v in extra.items())]
        )
        status, fields, _ = self.answer(stream)
        return status, fields


def request_headers(
    authority: str, path: str = "/", method: str = "GET"
) -> list[tuple[str, str]]:
    return [
        (":method", method),
        (":scheme", "https"),
        (":authority", authority),
        (":path", path),
    ]
