"""Announces a port by mDNS, as Wyoming servers do, so that Home Assistant finds it."""

from __future__ import annotations

import socket
from typing import Any

from silif._errors import InputError

try:
    import zeroconf
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
except ImportError as error:
    raise ImportError(f"{error}: install it with: pip install 'silif[zeroconf]'") from error

_KIND = "_wyoming._tcp.local."
#: Where mDNS speaks to; the address from which this is reached is the one that others reach. Of IPv6 the group of the
#: site: ff02::fb, that of the link, is reached only by who names an interface.
_EVERYBODY = {socket.AF_INET: ("224.0.0.251", 5353), socket.AF_INET6: ("ff05::fb", 5353)}


class Announcement:
    """A port under a name, from `begin` to `end`."""

    def __init__(self, name: str, host: str | None, port: int):
        """
        Args:
            name: up to 63 bytes. Where somebody on the network has it already, a number is added.
            host: what the server is bound to; where that is every address, the one to the network is announced.
        """
        self._name, self._host, self._port = name, host, port
        self._zeroconf: AsyncZeroconf | None = None

    async def begin(self) -> None:
        """Announces it.

        Raises:
            InputError: the name cannot be used, or there is no network.
        """
        try:
            is_name = 1 <= len(self._name.encode()) <= 63
        except UnicodeEncodeError:  # Bytes of the command line that are no UTF-8.
            is_name = False
        if not is_name:
            raise InputError("--zeroconf", f"{self._name!r} is no name", "give one of 1 to 63 bytes")
        try:
            info = AsyncServiceInfo(_KIND, f"{self._name}.{_KIND}", addresses=[_address(self._host)], port=self._port)
            self._zeroconf = AsyncZeroconf()
            await (await self._zeroconf.async_register_service(info, allow_name_change=True))
        except (OSError, zeroconf.Error) as error:
            await self.end()
            problem = f"{self._name!r} cannot be announced ({error or type(error).__name__})"
            raise InputError("--zeroconf", problem, "give another name, or start without it") from error

    async def end(self) -> None:
        """Takes it back."""
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()


def _address(host: str | None) -> bytes:
    """Of 4 or 16 bytes. A server that is bound to every address of IPv6 is not reached by IPv4."""
    family, _, _, _, place = socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)[0]
    address = _packed(family, place)
    if any(address):
        return address
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(_EVERYBODY[family])  # Sends nothing.
        return _packed(family, probe.getsockname())


def _packed(family: int, place: tuple[Any, ...]) -> bytes:
    return socket.inet_pton(family, str(place[0]).partition("%")[0])
