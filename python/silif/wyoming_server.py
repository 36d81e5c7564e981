"""silif-wyoming: hears words for Home Assistant and voice satellites, over the Wyoming protocol."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import pathlib
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import silif
from silif._commands import Parser, say, visible
from silif._errors import reason
from silif._stream import Conditioner

try:
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.error import Error
    from wyoming.event import Event, async_get_stdin
    from wyoming.info import Attribution, Describe, Info, WakeModel, WakeProgram
    from wyoming.ping import Ping, Pong
    from wyoming.server import AsyncEventHandler, AsyncServer
    from wyoming.wake import Detect, Detection, NotDetected
except ImportError as _error:
    raise SystemExit(f"silif-wyoming: {_error}: install the extra with: pip install 'silif[wyoming]'") from _error

if TYPE_CHECKING:
    from silif._announcement import Announcement

_LOG = logging.getLogger("silif-wyoming")
_URIS = "give a free tcp://HOST:PORT, unix://PATH or stdio://"
#: What one message may hold. A second of sound at the highest rate is below a megabyte.
_DATA_BYTES, _PAYLOAD_BYTES = 1 << 18, 1 << 22
#: The first message, and the rest of each that has begun, must have come by then, and answers been read. Between
#: messages a peer may be silent for as long as it likes.
_MESSAGE_S = 30.0
_CLIENTS = 64
#: A peer that says nothing for a minute is asked by TCP, every 15 s, whether it is there; after four times it is not.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
#: So much sound is heard before other peers have their turn: a quarter of a second at 16 kHz.
_SLICE_BYTES = 8192


class BadMessage(Exception):
    """What a peer sent is no message of the protocol."""


async def read_message(reader: asyncio.StreamReader) -> Event | None:
    """The next message; None at the end of the connection.

    Raises:
        BadMessage: it is none, is too long, stops half-way or takes too long.
    """
    first = await reader.read(1)
    if not first:
        return None
    try:
        return await asyncio.wait_for(_rest_of_message(first, reader), _MESSAGE_S)
    except asyncio.IncompleteReadError as error:
        raise BadMessage("it ends half-way") from error
    except TimeoutError as error:
        raise BadMessage(f"it was not complete after {_MESSAGE_S:.0f} s") from error


async def _rest_of_message(first: bytes, reader: asyncio.StreamReader) -> Event:
    try:
        line = first + (b"" if first == b"\n" else await reader.readuntil(b"\n"))
    except asyncio.LimitOverrunError as error:
        raise BadMessage("its header is too long") from error
    header = _object(line)
    kind, data = header.get("type"), header.get("data") or {}
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise BadMessage("its header has no type, or data that is no object")
    length = _length(header, "data_length", _DATA_BYTES)
    if length:
        data = {**data, **_object(await reader.readexactly(length))}
    length = _length(header, "payload_length", _PAYLOAD_BYTES)
    return Event(type=kind, data=data, payload=await reader.readexactly(length) if length else None)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadMessage("it is no JSON") from error
    if not isinstance(found, dict):
        raise BadMessage("it is no JSON object")
    return found


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if type(length) is not int or not 0 <= length <= most:
        raise BadMessage(f"{name} must be 0 to {most}")
    return length


def info_of(model: silif.Model) -> Info:
    """What the server answers to `describe`: each keyword is a wake model of its own."""
    attribution = Attribution(name="silif", url="https://arxiv.org/abs/2506.06374")
    words = [
        WakeModel(
            name=word,
            phrase=word,
            description=f"{word} ({model.name})",
            attribution=attribution,
            installed=True,
            version=silif.__version__,
            languages=["en"],
        )
        for word in model.info().keywords
    ]
    program = WakeProgram(
        name="silif",
        description="Keywords with a spiking network in integers",
        attribution=attribution,
        installed=True,
        version=silif.__version__,
        models=words,
    )
    return Info(wake=[program])


class Peer(AsyncEventHandler):
    """One connection. Whatever goes wrong in it ends it, and no other."""

    _open = 0
    #: Whether it keeps nobody out, by standard input.
    is_alone = False

    def __init__(
        self,
        model: silif.Model,
        threshold: float | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ):
        super().__init__(reader, writer)
        self._model, self._threshold = model, threshold
        self._names: set[str] | None = None
        self._format: tuple[int, int, int] | None = None
        self._spotter: silif.KeywordSpotter | None = None
        self._conditioner: Conditioner | None = None
        self._start_ms: int | None = None
        self._has_detected = False

    async def run(self) -> None:
        """Serves the connection until its end."""
        Peer._open += 1
        self._is_running = True
        try:
            _keep_alive(self.writer)
            if Peer._open > _CLIENTS:
                raise BadMessage(f"{_CLIENTS} clients are connected already")
            message = await asyncio.wait_for(read_message(self.reader), None if self.is_alone else _MESSAGE_S)
            while message is not None and self._is_running and await self.handle_event(message):
                message = await read_message(self.reader)
        except (BadMessage, silif.SilifError) as error:
            _LOG.warning("a peer is disconnected: %s", visible(error))
            await self._say_goodbye(str(error))
        except (OSError, asyncio.IncompleteReadError) as error:
            _LOG.debug("a peer has gone, says nothing or does not read: %s", reason(error))
            # Closed alone, it would wait until what was written is read.
            self.writer.transport.abort()
        finally:
            Peer._open -= 1
            self.writer.close()

    async def _say_goodbye(self, text: str) -> None:
        try:
            await asyncio.wait_for(self.write_event(Error(text=text, code="bad-message").event()), 1)
        except OSError:  # TimeoutError is one.
            self.writer.transport.abort()

    async def write_event(self, event: Event) -> None:
        """Sends one message.

        Raises:
            OSError: the peer has gone, or does not read.
        """
        await asyncio.wait_for(super().write_event(event), _MESSAGE_S)

    async def handle_event(self, event: Event) -> bool:
        """Answers one message. Always true: only errors end a connection from here.

        Raises:
            BadMessage, silif.SilifError: what the peer is told before it is disconnected.
        """
        if Describe.is_type(event.type):
            await self.write_event(info_of(self._model).event())
        elif Ping.is_type(event.type):
            await self.write_event(Pong(text=_text(event.data.get("text"))).event())
        elif Detect.is_type(event.type):
            self._select(event.data.get("names"))
            # A satellite asks anew after a command, on the same connection: what it sent before is long past.
            self._spotter = None
        elif AudioStart.is_type(event.type):
            await self._begin(event.data)
        elif AudioChunk.is_type(event.type):
            await self._hear(event)
        elif AudioStop.is_type(event.type):
            if self._spotter is not None and not self._has_detected:
                await self.write_event(NotDetected().event())
            self._spotter = None
        return True

    def _select(self, names: object) -> None:
        if not names:
            self._names = None
            return
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise BadMessage("names must be a list of words")
        known = set(self._model.info().keywords)
        if not known & set(names):
            raise silif.InputError("names", f"the model has none of {names}", f"ask for some of {sorted(known)}")
        self._names = known & set(names)

    async def _begin(self, data: dict[str, Any]) -> None:
        self._format = _format(data)
        # Filters for a rate that is new take a moment, in which the others go on.
        self._conditioner = await asyncio.to_thread(Conditioner, *self._format)
        self._spotter = silif.KeywordSpotter(self._model, thresholds=self._threshold)
        self._start_ms = _milliseconds(data)
        self._has_detected = False

    async def _hear(self, event: Event) -> None:
        if self._spotter is None or self._conditioner is None or self._format != _format(event.data):
            await self._begin(event.data)
        if self._spotter is None or self._conditioner is None:
            return
        if self._start_ms is None:
            # Home Assistant puts times on the chunks only.
            self._start_ms = _milliseconds(event.data) or 0
        payload = event.payload or b""
        for start in range(0, len(payload), _SLICE_BYTES):
            samples = self._conditioner.process(payload[start : start + _SLICE_BYTES])
            for found in self._spotter.process(samples):
                if self._names is None or found.word in self._names:
                    self._has_detected = True
                    timestamp_ms = self._start_ms + round(1000 * found.time_s)
                    await self.write_event(Detection(name=found.word, timestamp=timestamp_ms).event())
            # The others' turn.
            await asyncio.sleep(0)


def _format(data: dict[str, Any]) -> tuple[int, int, int]:
    try:
        return data["rate"], data["width"], data["channels"]
    except KeyError as error:
        raise BadMessage(f"sound without {error}") from error


def _milliseconds(data: dict[str, Any]) -> int | None:
    timestamp = data.get("timestamp")
    return timestamp if type(timestamp) is int and abs(timestamp) < 1 << 53 else None


def _text(text: object) -> str | None:
    return text if isinstance(text, str) else None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """One that lost its power says no farewell: else it would be a client for ever."""
    peer = writer.get_extra_info("socket")
    if peer is not None and peer.family in (socket.AF_INET, socket.AF_INET6):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            peer.setsockopt(socket.IPPROTO_TCP, option, value)


def _is_answered(path: pathlib.Path) -> bool:
    """Whether a program listens at a socket: one that was killed leaves it behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return False
        except OSError:  # It has no time, or no ear for this user.
            pass
    return True


async def _serve_stdio(make: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Peer]) -> None:
    reader = await async_get_stdin()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    peer = make(reader, asyncio.StreamWriter(transport, protocol, None, loop))
    peer.is_alone = True
    await peer.run()


async def _serve(options: argparse.Namespace, model: silif.Model) -> None:
    make = partial(Peer, model, options.threshold)
    try:
        uri = urlparse(options.uri)
        port = uri.port
        server = AsyncServer.from_uri(options.uri)
    except ValueError as error:
        raise silif.InputError("--uri", f"{options.uri}: {error}", _URIS) from error
    announcement = None
    if options.zeroconf is not None:
        if uri.scheme != "tcp" or port is None:
            raise silif.InputError("--zeroconf", "it announces a port", "give --uri tcp://HOST:PORT")
        announcement = _announcement_of(options.zeroconf, uri.hostname, port)
    served = visible(f"{model.name} is served at {options.uri}: {', '.join(model.info().keywords)}")
    if uri.scheme == "stdio":
        _LOG.info(served)
        await _serve_stdio(make)
        return
    # The library deletes what is there, so that a socket left behind is no hindrance.
    socket_path = pathlib.Path(uri.path) if uri.scheme == "unix" else None
    if socket_path is not None and socket_path.exists() and not socket_path.is_socket():
        raise silif.InputError("--uri", f"{socket_path} is there and is no socket", "give another path")
    if socket_path is not None and socket_path.exists() and _is_answered(socket_path):
        raise silif.InputError("--uri", f"{socket_path} is served by another program", "give another path")
    is_over, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    try:
        await server.start(make)
    except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host, as a..b
        problem = getattr(error, "strerror", None) or error
        raise silif.InputError("--uri", f"{options.uri}: {problem}", _URIS) from error
    # Not before: a port that somebody else has would be announced as this one's.
    if announcement is not None:
        await announcement.begin()
    _LOG.info(served)
    await is_over.wait()
    if announcement is not None:
        await announcement.end()
    await server.stop()
    if socket_path is not None:
        socket_path.unlink(missing_ok=True)


def _announcement_of(name: str, host: str | None, port: int) -> Announcement:
    try:
        from silif._announcement import Announcement
    except ImportError as error:
        raise SystemExit(f"silif-wyoming: --zeroconf: {error}") from error
    return Announcement(name, host, port)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status: 0 once a signal or standard input ended it, 1 where it cannot serve."""
    parser = Parser(prog="silif-wyoming", description=__doc__)
    parser.add_argument(
        "--uri", default="tcp://0.0.0.0:10400", help="tcp://HOST:PORT, unix://PATH or stdio:// (%(default)s)"
    )
    parser.add_argument("--model", default="kws12", help="a model that came with silif, or a path (%(default)s)")
    parser.add_argument("--threshold", type=float, help="mean probability that reports a word (the model's own)")
    parser.add_argument("--zeroconf", nargs="?", const="silif", metavar="NAME", help="announce it by mDNS")
    parser.add_argument("--verbose", action="store_true", help="say more on standard error")
    parser.add_argument("--version", action="version", version=silif.__version__)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO, format="%(name)s: %(message)s")
    try:
        model = silif.Model(options.model)
        silif.KeywordSpotter(model, thresholds=options.threshold)
    except silif.SilifError as error:
        parser.error(str(error))
    try:
        asyncio.run(_serve(options, model))
    except silif.SilifError as error:
        say("silif-wyoming", error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
