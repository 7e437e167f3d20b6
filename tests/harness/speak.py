"""The protocols an origin speaks: HTTP/1.1, HTTP/2 and WebSocket, on asyncio streams."""

import asyncio
from collections.abc import AsyncIterator

import h2.config
import h2.connection
import h2.events
import h2.settings
import wsproto
import wsproto.events
import wsproto.extensions

from tests.harness.origin import Connection, Origin, Reply, Request


class Recorder:
    """A buffered reader that keeps every byte it takes from the socket."""

    def __init__(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        self._record = connection.raw
        self._reader = reader
        self.buffer = bytearray()

    async def more(self) -> bool:
        data = await self._reader.read(1 << 16)
        self._record += data
        self.buffer += data
        return bool(data)

    async def until(self, mark: bytes) -> bytes | None:
        while mark not in self.buffer:
            if not await self.more():
                return None
        stop = self.buffer.index(mark) + len(mark)
        return self.take(stop)

    async def exactly(self, size: int) -> bytes | None:
        while len(self.buffer) < size:
            if not await self.more():
                return None
        return self.take(size)

    def take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken


async def serve(origin: Origin, connection: Connection, reader, writer) -> None:
    if origin.greeting:
        writer.write(origin.greeting)
    source = Recorder(connection, reader)
    number = len(origin.connections)
    if origin.scheme == "tcp":
        while await source.more():
            pass
    elif connection.alpn == "h2":
        await _http2(origin, source, writer, number)
    else:
        await _http1(origin, source, writer, number)


async def _http1(origin: Origin, source: Recorder, writer, number: int) -> None:
    while (head := await source.until(b"\r\n\r\n")) is not None:
        lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, version = ([*lines[0].split(" ", 2), "", ""])[:3]
        headers = [
            (name, value.strip())
            for name, _, value in (line.partition(":") for line in lines[1:])
        ]
        fields = {name.lower(): value for name, value in headers}
        if fields.get("upgrade", "").lower() == "websocket":
            await _websocket(origin, source, writer, head)
            return
        body = await _body(source, fields)
        if body is None:
            return
        request = Request(method, target, version, headers, body, number)
        reply = origin.answer(request)
        await _answer1(reply, writer, bodiless=method == "HEAD")
        if reply.close:
            return


async def _body(source: Recorder, fields: dict[str, str]) -> bytes | None:
    if "chunked" not in fields.get("transfer-encoding", ""):
        return await source.exactly(int(fields.get("content-length", "0")))
    body = b""
    while (line := await source.until(b"\r\n")) is not None:
        size = int(line.split(b";")[0], 16)
        chunk = await source.exactly(size + 2)
        if chunk is None:
            return None
        body += chunk[:-2]
        if size == 0:
            return body
    return None


async def _answer1(reply: Reply, writer, *, bodiless: bool) -> None:
    if reply.raw:
        writer.write(reply.raw)
        await writer.drain()
        return
    chunked = all(name != "content-length" for name, _ in reply.headers)
    headers = [*reply.headers]
    if chunked:
        headers.append(("transfer-encoding", "chunked"))
    lines = [f"HTTP/1.1 {reply.status} Reply", *(f"{n}: {v}" for n, v in headers)]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    if not bodiless:
        async for chunk in _paced(reply):
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _paced(reply: Reply) -> AsyncIterator[bytes]:
    for chunk in reply.chunks:
        if isinstance(chunk, float):
            await asyncio.sleep(chunk)
        else:
            yield chunk


async def _websocket(origin: Origin, source: Recorder, writer, head: bytes) -> None:
    """Accepts with permessage-deflate and the first subprotocol; echoes messages."""
    connection = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    connection.receive_data(head)
    while True:
        for event in connection.events():
            reply = _websocket_event(origin, event)
            if reply is not None:
                writer.write(connection.send(reply))
                await writer.drain()
            if isinstance(event, wsproto.events.CloseConnection):
                return
        if not source.buffer and not await source.more():
            return
        connection.receive_data(source.take(len(source.buffer)))


def _websocket_event(origin: Origin, event):
    match event:
        case wsproto.events.Request():
            return wsproto.events.AcceptConnection(
                subprotocol=next(iter(event.subprotocols), None),
                extensions=[wsproto.extensions.PerMessageDeflate()],
            )
        case wsproto.events.TextMessage():
            origin.messages.append(("text", event.data.encode()))
            return wsproto.events.TextMessage(
                event.data, message_finished=event.message_finished
            )
        case wsproto.events.BytesMessage():
            origin.messages.append(("binary", bytes(event.data)))
            return wsproto.events.BytesMessage(
                event.data, message_finished=event.message_finished
            )
        case wsproto.events.Ping():
            origin.messages.append(("ping", bytes(event.payload)))
            return event.response()
        case wsproto.events.Pong():
            origin.messages.append(("pong", bytes(event.payload)))
        case wsproto.events.CloseConnection():
            origin.messages.append(("close", (event.reason or "").encode()))
            return event.response()
    return None


async def _http2(origin: Origin, source: Recorder, writer, number: int) -> None:
    connection = h2.connection.H2Connection(
        h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
    )
    connection.initiate_connection()
    connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 24})
    connection.increment_flow_control_window((1 << 30) - (1 << 16))
    writer.write(connection.data_to_send())
    streams: dict[int, dict] = {}
    tasks: set[asyncio.Task] = set()
    while await source.more():
        for event in connection.receive_data(source.take(len(source.buffer))):
            match event:
                case h2.events.RequestReceived():
                    streams[event.stream_id] = {
                        "headers": event.headers, "body": b"", "trailers": []
                    }  # fmt: skip
                case h2.events.DataReceived():
                    streams[event.stream_id]["body"] += event.data
                    connection.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                case h2.events.TrailersReceived():
                    streams[event.stream_id]["trailers"] = event.headers
                case h2.events.StreamEnded():
                    request = _request2(number, **streams.pop(event.stream_id))
                    reply = origin.answer(request)
                    tasks.add(
                        asyncio.create_task(
                            _answer2(reply, connection, event.stream_id, writer)
                        )
                    )
        writer.write(connection.data_to_send())
    for task in tasks:
        task.cancel()


def _request2(number: int, headers, body: bytes, trailers) -> Request:
    fields = dict(headers)
    return Request(
        fields[":method"], fields[":path"], "HTTP/2", list(headers), body, number,
        list(trailers),
    )  # fmt: skip


async def _answer2(reply: Reply, connection, stream: int, writer) -> None:
    headers = [(":status", str(reply.status)), *reply.headers]
    connection.send_headers(stream, [(n.lower(), v) for n, v in headers])
    writer.write(connection.data_to_send())
    async for chunk in _paced(reply):
        rest = chunk
        while rest:
            room = min(
                connection.local_flow_control_window(stream),
                connection.max_outbound_frame_size,
            )
            if room <= 0:
                await asyncio.sleep(0.001)
                continue
            connection.send_data(stream, rest[:room])
            rest = rest[room:]
            writer.write(connection.data_to_send())
            await writer.drain()
    connection.end_stream(stream)
    writer.write(connection.data_to_send())
    await writer.drain()
