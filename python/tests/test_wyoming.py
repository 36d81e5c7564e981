"""silif-wyoming, a process of its own, with the official client."""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import REPOSITORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection, NotDetected

import silif
from silif import _resampler
from silif._stream import Conditioner

MODEL = silif.Model("kws12-small")
SERVER = [sys.executable, "-m", "silif.wyoming_server"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def await_server(process, family, address):
    """Comes back when it is served: a socket may be there before that."""
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.connect(address)
            return
        time.sleep(0.1)
    pytest.fail(process.communicate()[1].decode())


@pytest.fixture(scope="module")
def server():
    port = free_port()
    process = subprocess.Popen([*SERVER, "--uri", f"tcp://127.0.0.1:{port}"], stderr=subprocess.PIPE)
    await_server(process, socket.AF_INET, ("127.0.0.1", port))
    yield port
    process.terminate()
    errors = process.communicate(timeout=300)[1].decode()
    assert "Traceback" not in errors and "never retrieved" not in errors, errors


async def events(client: AsyncClient, kind) -> list:
    """Reads until NotDetected or a pong answers what was sent last."""
    found = []
    while (event := await asyncio.wait_for(client.read_event(), 300)) is not None:
        if NotDetected.is_type(event.type) or Pong.is_type(event.type):
            return found
        if kind.is_type(event.type):
            found.append(kind.from_event(event))
    raise AssertionError("the server has gone")


async def hear(uri, samples, rate_hz=16_000, channels=1, names=None, block=1024, start_ms=0):
    """Sends a recording, as Home Assistant does, and reads what is detected."""
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Detect(names=names).event())
        form = {"rate": rate_hz, "width": 2, "channels": channels}
        await client.write_event(AudioStart(timestamp=start_ms, **form).event())
        content = samples.tobytes()
        for at in range(0, len(content), block):
            await client.write_event(AudioChunk(audio=content[at : at + block], **form).event())
        await client.write_event(AudioStop().event())
        await client.write_event(Ping(text="over").event())
        return await events(client, Detection)


def expected(samples, start_ms=0, names=None):
    found = silif.KeywordSpotter().process(samples)
    return [
        (event.word, start_ms + round(1000 * event.time_s)) for event in found if names is None or event.word in names
    ]


def pairs(detections):
    return [(detection.name, detection.timestamp) for detection in detections]


def test_describe_and_ping(server):
    async def exchange():
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{server}") as client:
            await client.write_event(Describe().event())
            info = Info.from_event(await client.read_event())
            await client.write_event(Ping(text="x").event())
            return info, Pong.from_event(await client.read_event())

    info, pong = asyncio.run(exchange())
    (program,) = info.wake
    assert [model.name for model in program.models] == list(silif.Model("kws12").info().keywords)
    assert program.installed and all(model.installed and model.languages for model in program.models)
    assert pong.text == "x"


@pytest.mark.parametrize("block", [320, 333, 1024, 100_000])
def test_detections_are_those_of_the_spotter(server, demo, block):
    found = asyncio.run(hear(f"tcp://127.0.0.1:{server}", demo, block=block, start_ms=5000))
    assert pairs(found) == expected(demo, 5000)
    assert len(found) == 7


def test_only_the_names_that_were_asked_for(server, demo):
    found = asyncio.run(hear(f"tcp://127.0.0.1:{server}", demo, names=["stop", "off"]))
    assert pairs(found) == expected(demo, names=["stop", "off"])
    assert [detection.name for detection in found] == ["stop", "off"]


def test_times_count_on_from_the_first_chunk_where_the_start_has_none(server, demo):
    """As Home Assistant sends it."""

    async def exchange():
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{server}") as client:
            form = {"rate": 16_000, "width": 2, "channels": 1}
            await client.write_event(Detect(names=["yes"]).event())
            await client.write_event(AudioStart(**form).event())
            for start in range(0, len(demo), 1600):
                audio = demo[start : start + 1600].tobytes()
                await client.write_event(AudioChunk(audio=audio, timestamp=7000 + start // 16, **form).event())
            await client.write_event(Ping(text="over").event())
            return await events(client, Detection)

    assert pairs(asyncio.run(exchange())) == expected(demo, 7000, ["yes"])


@pytest.mark.parametrize(("rate_hz", "channels"), [(48_000, 2), (8_000, 1), (44_100, 1)])
def test_any_rate_through_the_resampler(server, demo, rate_hz, channels):
    times = np.arange(len(demo) * rate_hz // 16_000) / rate_hz
    sound = np.interp(times, np.arange(len(demo)) / 16_000, demo).astype(np.int16)
    frames = np.stack([sound, sound // 2], axis=1) if channels == 2 else sound
    mixed = _resampler.mix(frames) if channels == 2 else sound
    found = asyncio.run(hear(f"tcp://127.0.0.1:{server}", frames, rate_hz, channels, block=999))
    assert pairs(found) == expected(_resampler.resample(mixed, rate_hz))
    assert len(found) >= 5 or rate_hz == 8_000


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 47_999, 48_000, 96_000])
def test_the_resampler_in_blocks_is_the_one_of_kws_listen(rate_hz):
    samples = np.random.default_rng(1).integers(-32768, 32768, 20_000).astype(np.int16)
    whole = _resampler.resample(samples, rate_hz)
    stream, content, made = Conditioner(rate_hz, 2, 1), samples.tobytes(), []
    sizes = iter(np.random.default_rng(2).integers(0, 700, 10_000))
    while content:
        size = int(next(sizes))
        made.append(stream.process(content[:size]))
        content = content[size:]
    made = np.concatenate(made)
    assert (made == whole[: len(made)]).all()
    assert len(whole) - len(made) <= 260 * 16_000 // rate_hz + 1


def test_nothing_is_heard_in_silence(server):
    async def exchange():
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{server}") as client:
            form = {"rate": 16_000, "width": 2, "channels": 1}
            await client.write_event(AudioStart(**form).event())
            await client.write_event(AudioChunk(audio=bytes(64_000), **form).event())
            await client.write_event(AudioStop().event())
            return (await client.read_event()).type

    assert asyncio.run(exchange()) == "not-detected"


def test_several_clients_at_once(server, demo):
    async def all_of_them():
        return await asyncio.gather(*(hear(f"tcp://127.0.0.1:{server}", demo[cut:]) for cut in range(0, 8000, 1000)))

    found = asyncio.run(all_of_them())
    assert [pairs(each) for each in found] == [expected(demo[cut:]) for cut in range(0, 8000, 1000)]


BAD = {
    "half a header": b'{"type": "describe"',
    "half a payload": b'{"type": "audio-chunk", "payload_length": 1000}\n123',
    "giant header": b'{"type": "' + b"x" * 3_000_000,
    "giant payload": b'{"type": "audio-chunk", "payload_length": 1000000000000}\n' + bytes(100_000),
    "negative length": b'{"type": "audio-chunk", "data_length": -5}\n',
    "length that is none": b'{"type": "audio-chunk", "data_length": "9"}\n',
    "no JSON": b"GET / HTTP/1.1\r\n\r\n",
    "no object": b"[1, 2]\n",
    "deep JSON": b"[" * 60_000 + b"\n",
    "no type": b"{}\n",
    "sound without format": b'{"type": "audio-chunk", "payload_length": 2}\n12',
    "sound of a wrong format": b'{"type": "audio-start", "data": {"rate": "x", "width": null, "channels": []}}\n',
    "a rate of nothing": b'{"type": "audio-start", "data": {"rate": 0, "width": 2, "channels": 1}}\n',
    "names that are none": b'{"type": "detect", "data": {"names": {"a": 1}}}\n',
    "no UTF-8": b"\xff\xfe\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_peer_costs_only_its_own_connection(server, demo, name):
    """Others are served while it is there, and it is told or dropped once it says no more."""
    with socket.create_connection(("127.0.0.1", server), timeout=300) as peer:
        with contextlib.suppress(ConnectionError):
            peer.sendall(BAD[name])
        found = asyncio.run(hear(f"tcp://127.0.0.1:{server}", demo[:60_000]))
        assert pairs(found) == expected(demo[:60_000])
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while block := peer.recv(4096):
                answer += block
        assert answer == b"" or (Error.is_type("error") and b'"type": "error"' in answer)


class Writer:
    """The other end of a connection within this process."""

    def __init__(self):
        self.content, self.is_closed = b"", False

    def write(self, content):
        self.content += content

    def writelines(self, contents):
        self.content += b"".join(contents)

    async def drain(self):
        pass

    def close(self):
        self.is_closed = True

    def get_extra_info(self, name):
        return None


values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=9),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
)
sounds = some.fixed_dictionaries(
    {
        "rate": some.sampled_from([16_000, 8_000, 44_100, 3_999, 192_001]),
        "width": some.sampled_from([2, 4, 1]),
        "channels": some.sampled_from([1, 2, 8, 9]),
    },
    optional={"timestamp": values},
)
odd_sounds = some.dictionaries(some.sampled_from(["rate", "width", "channels", "timestamp"]), values)
names = some.fixed_dictionaries({"names": some.lists(some.sampled_from(["yes", "no", "ok_nabu"])) | values})
kinds = {
    "detect": names,
    "audio-start": sounds | odd_sounds,
    "audio-chunk": sounds | odd_sounds,
    "audio-stop": some.just({}),
    "describe": some.just({}),
    "ping": some.fixed_dictionaries({"text": values}),
    "other": values,
}


def written(kind, data, payload, lengths):
    header = {"type": kind, "data": data, "payload_length": len(payload), **lengths}
    return json.dumps(header).encode() + b"\n" + payload


good = some.sampled_from(sorted(kinds)).flatmap(
    lambda kind: some.builds(written, some.just(kind), kinds[kind], some.binary(max_size=3000), some.just({}))
)
bad = some.builds(
    written, values, values, some.binary(max_size=9), some.dictionaries(some.just("data_length"), values, max_size=1)
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(some.lists(good, max_size=8), bad | some.binary(max_size=60))
def test_whatever_a_peer_says_ends_in_an_answer_and_a_closed_connection(said, last):
    """Nothing that it says raises what `run` does not take for the peer's fault."""
    from silif.wyoming_server import Peer

    async def serve():
        reader, writer = asyncio.StreamReader(), Writer()
        reader.feed_data(b"".join([*said, last]))
        reader.feed_eof()
        await Peer(MODEL, None, reader, writer).run()
        return writer

    writer = asyncio.run(serve())
    assert writer.is_closed and Peer._open == 0


@pytest.mark.parametrize("said", [b"", b'{"type": "describe"}\n', b'{"type": "detect", "data": {"names": ["?"]}}\n'])
def test_a_peer_that_says_nothing_or_does_not_read_is_let_go(monkeypatch, said):
    """Else 64 of them would keep all others out."""
    from silif import wyoming_server

    class Deaf(Writer):
        transport = None

        async def drain(self):
            await asyncio.Event().wait()

        def abort(self):
            self.is_aborted = True

    async def serve():
        reader, writer = asyncio.StreamReader(), Deaf()
        writer.transport = writer
        reader.feed_data(said)
        await asyncio.wait_for(wyoming_server.Peer(MODEL, None, reader, writer).run(), 300)
        return writer

    monkeypatch.setattr(wyoming_server, "_MESSAGE_S", 0.01)
    writer = asyncio.run(serve())
    assert writer.is_aborted and writer.is_closed and wyoming_server.Peer._open == 0


def test_standard_input_may_begin_late(monkeypatch):
    from silif import wyoming_server

    async def serve():
        reader, writer = asyncio.StreamReader(), Writer()
        peer = wyoming_server.Peer(MODEL, None, reader, writer)
        peer.is_alone = True
        task = asyncio.create_task(peer.run())
        await asyncio.sleep(0.05)
        reader.feed_data(b'{"type": "ping"}\n')
        reader.feed_eof()
        await task
        return writer

    monkeypatch.setattr(wyoming_server, "_MESSAGE_S", 0.01)
    assert b'"type": "pong"' in asyncio.run(serve()).content


def test_a_word_that_the_model_has_not(server):
    async def exchange():
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{server}") as client:
            await client.write_event(Detect(names=["ok_nabu"]).event())
            return Error.from_event(await client.read_event())

    assert "ask for some of ['down'" in asyncio.run(exchange()).text


def test_unix_socket_and_stdio(demo, tmp_path):
    uri = f"unix://{tmp_path}/socket"
    process = subprocess.Popen([*SERVER, "--uri", uri], stderr=subprocess.PIPE)
    try:
        await_server(process, socket.AF_UNIX, str(tmp_path / "socket"))
        assert pairs(asyncio.run(hear(uri, demo))) == expected(demo)
    finally:
        process.terminate()
        process.communicate(timeout=300)
    done = subprocess.run(
        [*SERVER, "--uri", "stdio://"], input=b'{"type": "describe"}\n', capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert b'"type": "info"' in done.stdout


MICROPHONE = """
import pathlib, sys, time
content = pathlib.Path(sys.argv[1]).read_bytes()
while True:
    for start in range(0, len(content), 2048):
        sys.stdout.buffer.write(content[start : start + 2048])
        sys.stdout.buffer.flush()
        time.sleep(0.01)
"""


@pytest.mark.skipif("SILIF_SATELLITE" not in os.environ, reason="wyoming-satellite is not installed")
def test_wyoming_satellite(server, demo, tmp_path):
    """The satellite from its registry, as Home Assistant runs it: the second word starts it, the first does not."""
    (tmp_path / "demo.raw").write_bytes(demo.tobytes())
    (tmp_path / "microphone.py").write_text(MICROPHONE)
    port = free_port()
    command = [
        os.environ["SILIF_SATELLITE"],
        "-m",
        "wyoming_satellite",
        "--uri",
        f"tcp://127.0.0.1:{port}",
        "--no-zeroconf",
    ]
    command += ["--mic-command", f"{sys.executable} {tmp_path}/microphone.py {tmp_path}/demo.raw"]
    command += ["--wake-uri", f"tcp://127.0.0.1:{server}", "--wake-word-name", "stop"]
    command += ["--detection-command", f"tee {tmp_path}/detection"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)

    async def home_assistant():
        while process.poll() is None:
            with contextlib.suppress(OSError):
                async with AsyncClient.from_uri(f"tcp://127.0.0.1:{port}") as client:
                    await client.write_event(Event(type="run-satellite"))
                    while (event := await client.read_event()) is not None:
                        if event.type == "audio-chunk":
                            return
            await asyncio.sleep(0.1)
        raise AssertionError("the satellite cannot be reached")

    try:
        asyncio.run(home_assistant())
    finally:
        process.terminate()
        errors = process.communicate()[1].decode()
    assert (tmp_path / "detection").read_text().strip() == "stop", errors


def test_a_new_search_begins_anew(server, demo):
    """A satellite asks again on the same connection after each command; what it sent before is no longer heard."""

    async def exchange():
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{server}") as client:
            form = {"rate": 16_000, "width": 2, "channels": 1}
            await client.write_event(AudioChunk(audio=demo[:22_000].tobytes(), **form).event())
            await client.write_event(Detect().event())
            await client.write_event(AudioChunk(audio=demo[22_000:].tobytes(), **form).event())
            await client.write_event(Ping(text="over").event())
            return await events(client, Detection)

    assert pairs(asyncio.run(exchange())) == expected(demo[22_000:])
    assert expected(demo[22_000:]) != expected(demo)


def test_it_is_announced_by_mdns_and_taken_back():
    """What `--zeroconf` does: Home Assistant finds the ports of two servers, and learns when one has ended."""
    from zeroconf import ServiceListener
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    kind, ports = "_wyoming._tcp.local.", [free_port(), free_port()]
    processes, errors = [], []

    class Watcher(ServiceListener):
        def __init__(self):
            self.there, self.gone = {}, {}

        def of(self, events, name):
            return events.setdefault(name, asyncio.Event())

        def add_service(self, _, __, name):
            self.of(self.there, name).set()

        def update_service(self, _, __, name):
            pass

        def remove_service(self, _, __, name):
            self.of(self.gone, name).set()

    async def find():
        found, watcher, seen = AsyncZeroconf(), Watcher(), []
        browser = AsyncServiceBrowser(found.zeroconf, kind, watcher)
        names = [f"silif-test-{os.getpid()}{number}.{kind}" for number in ("", "-2")]
        for port, name in zip(ports, names, strict=True):
            # Both ask for the same name.
            command = [*SERVER, "--uri", f"tcp://127.0.0.1:{port}", "--zeroconf", names[0].partition(".")[0]]
            processes.append(subprocess.Popen(command, stderr=subprocess.PIPE))
            await asyncio.wait_for(watcher.of(watcher.there, name).wait(), 300)
            info = AsyncServiceInfo(kind, name)
            while not await info.async_request(found.zeroconf, 3000):
                pass
            seen.append((info.port, info.parsed_addresses()))
        processes[0].terminate()
        await asyncio.wait_for(watcher.of(watcher.gone, names[0]).wait(), 300)
        await browser.async_cancel()
        await found.async_close()
        return seen

    try:
        assert asyncio.run(find()) == [(port, ["127.0.0.1"]) for port in ports]
    finally:
        for process in processes:
            process.terminate()
            errors.append(process.communicate()[1].decode())
    assert [process.returncode for process in processes] == [0, 0], errors
    assert "Traceback" not in "".join(errors), errors


def test_announced_is_where_the_server_listens():
    """A server at localhost is not at the network's address, nor one at every address of IPv6 at one of IPv4."""
    from silif._announcement import _address

    places = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    assert _address("localhost") in [socket.inet_pton(family, place[0]) for family, _, _, _, place in places]
    assert _address("127.0.0.2") == bytes([127, 0, 0, 2]) and _address("::1") == bytes(15) + b"\1"
    for host, size in ((None, 4), ("0.0.0.0", 4), ("0", 4), ("::", 16)):
        with contextlib.suppress(OSError):  # No network of this family.
            address = _address(host)
            assert len(address) == size and any(address), host


def test_long_sound_leaves_others_their_turn(demo):
    """Of one chunk with a minute of sound; counted in turns, not in time."""
    from wyoming.audio import AudioChunk

    from silif.wyoming_server import Peer

    turns, said = 0, []

    class Quiet(Peer):
        async def write_event(self, event):
            said.append(event)

    async def another():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def hear():
        other = asyncio.create_task(another())
        peer = Quiet(silif.Model("kws12"), None, asyncio.StreamReader(), None)
        sound = np.tile(demo, 4).tobytes()
        await peer.handle_event(AudioChunk(rate=16_000, width=2, channels=1, audio=sound).event())
        other.cancel()
        return len(sound)

    size = asyncio.run(hear())
    assert turns >= size // 8192
    assert [Detection.from_event(event).name for event in said] == [
        event.word for event in silif.KeywordSpotter().process(np.tile(demo, 4))
    ]


def test_a_file_is_no_place_for_a_socket(tmp_path):
    """The official library deletes whatever is there."""
    path = tmp_path / "letter.txt"
    path.write_text("keep me")
    done = subprocess.run([*SERVER, "--uri", f"unix://{path}"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and "letter.txt is there and is no socket; give another path" in done.stderr
    assert path.read_text() == "keep me"


def test_a_socket_that_is_served_is_refused(tmp_path):
    """One that was left behind is no hindrance."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    first = subprocess.Popen([*SERVER, "--uri", f"unix://{path}"], stderr=subprocess.PIPE)
    try:
        await_server(first, socket.AF_UNIX, str(path))
        done = subprocess.run([*SERVER, "--uri", f"unix://{path}"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 1 and "socket is served by another program; give another path" in done.stderr
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    finally:
        first.terminate()
        first.communicate(timeout=300)


def test_tcp_asks_peers_that_say_nothing():
    """One whose power went says no farewell."""
    from silif.wyoming_server import Peer

    async def exchange():
        served = asyncio.get_running_loop().create_future()

        async def serve(reader, writer):
            served.set_result(writer.get_extra_info("socket"))
            await Peer(MODEL, None, reader, writer).run()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            async with AsyncClient.from_uri(f"tcp://127.0.0.1:{port}") as client:
                await client.write_event(Ping().event())
                await client.read_event()
                peer = await served
                names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
                values = [peer.getsockopt(socket.IPPROTO_TCP, name) for name in names]
                return peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), values

    is_asked, (idle_s, interval_s, count) = asyncio.run(exchange())
    assert is_asked == 1 and idle_s + interval_s * count <= 120


def test_a_port_in_use_is_neither_served_nor_announced():
    with socket.create_server(("127.0.0.1", 0)) as other:
        uri = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        done = subprocess.run([*SERVER, "--uri", uri, "--zeroconf"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and "is served" not in done.stderr and "Traceback" not in done.stderr
    assert "address already in use; give a free tcp://HOST:PORT" in done.stderr


def test_the_page_names_the_options_that_there_are():
    page = (REPOSITORY / "docs" / "HOME-ASSISTANT.md").read_text()
    table = page[page.index("| option |") : page.index("## Connect")]
    shown = subprocess.run([*SERVER, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"--[a-z]+", shown)) - {"--help", "--version"}
    assert set(re.findall(r"^\| `(--[a-z]+)", table, re.MULTILINE)) == options
    for line in page.splitlines():
        if line.startswith("silif-wyoming "):
            assert set(re.findall(r"--[a-z]+", line)) <= options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--uri", "http://x"], "Only 'stdio://'"),
        (["--uri", "\x1b[2J://x"], "--uri: \\u{1B}[2J://x: Only 'stdio://'"),
        (["\x1b[2J"], "unrecognized arguments: \\u{1B}[2J"),
        (["--uri", "tcp://127.0.0.1"], "A port must be specified"),
        (["--model", "kws13"], "there is no 'kws13'; give a path, or one of"),
        (["--threshold", "7"], "threshold: 7.0 is out of range; give one from 0 to 1"),
        (["--uri", "tcp://127.0.0.1:99999"], "Port out of range 0-65535; give a free tcp://HOST:PORT"),
        (["--uri", "tcp://[::1"], "--uri: tcp://[::1: "),
        (["--uri", "unix:///no/such/folder/socket"], "No such file or directory; give a free"),
        (["--uri", "stdio://", "--zeroconf"], "it announces a port; give --uri tcp://HOST:PORT"),
        (["--uri", "tcp://127.0.0.1:0", "--zeroconf", ""], "--zeroconf: '' is no name; give one of 1 to 63 bytes"),
        (["--uri", "tcp://127.0.0.1:0", "--zeroconf", "x" * 64], "is no name; give one of 1 to 63 bytes"),
        (["--uri", "tcp://127.0.0.1:0", "--zeroconf", b"\xff"], "is no name; give one of 1 to 63 bytes"),
        (["--uri", "tcp://a..b:10400"], "--uri: tcp://a..b:10400: "),
    ],
)
def test_bad_options(options, message):
    done = subprocess.run([*SERVER, *options], capture_output=True, text=True, timeout=300)
    assert done.returncode in (1, 2)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert "is served" not in done.stderr
