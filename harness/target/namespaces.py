"""Network namespaces, links, addresses and routes: the only module that knows pyroute2.

Namespaces have no name. They live by the file descriptor that a `Namespace` holds and by the
processes and sockets in them, so the kernel takes them away, and the veth pairs with them,
however the tester ends: nothing has to be tidied up after a crash.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from harness.target.base import TargetError

CLONE_NEWNET: Final = 0x40000000
"""linux/sched.h"""
FIRST_INDEX: Final = 100
"""Interfaces of the tester's namespace are counted from here, those of the target's from 1."""
CARRIER_PATIENCE: Final = 3.0
CARRIER_PAUSE: Final = 0.0005
OWN_NAMESPACE: Final = "/proc/thread-self/ns/net"
SETTINGS: Final = Path("/proc/sys/net")
"""Shows the settings of the namespace of the thread that opens a file in it."""
TABLES: Final = Path("/proc/thread-self/net")
"""`/proc/net` is the main thread's, whoever opens it."""

_libc: Final = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace of the tester's own.

    Raises:
        TargetError: the right to make one is missing.
    """

    def __init__(self) -> None:
        home = _own()
        try:
            _checked(_libc.unshare(CLONE_NEWNET), "making a network namespace")
            try:
                self._descriptor = _own()
            finally:
                _checked(_libc.setns(home, CLONE_NEWNET), "returning from a namespace")
        finally:
            os.close(home)
        self._release: Callable[[], object] = weakref.finalize(self, os.close, self._descriptor)

    @property
    def path(self) -> str:
        """Where other processes find it while the tester runs (`nsenter --net=PATH`)."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is in the namespace; what it opens or starts there stays there."""
        home = _own()
        try:
            _checked(_libc.setns(self._descriptor, CLONE_NEWNET), "entering a namespace")
            try:
                yield
            finally:
                _checked(_libc.setns(home, CLONE_NEWNET), "returning from a namespace")
        finally:
            os.close(home)

    @contextmanager
    def network(self) -> Iterator[Network]:
        """The links, addresses and routes of the namespace."""
        with self.entered():
            route = IPRoute()
        try:
            yield Network(route)
        except NetlinkError as error:
            raise TargetError(f"the kernel refused: {error}") from error
        finally:
            route.close()

    def give_link_end(self, request: dict[str, Any]) -> dict[str, Any]:
        """A link request whose link shall appear in this namespace."""
        return {**request, "net_ns_fd": self._descriptor}

    def set(self, name: str, value: int | str) -> bool:
        """Set `net.NAME` (slashes between the parts); False where the kernel has no such thing.

        Raises:
            TargetError: the kernel refused the value.
        """
        with self.entered():
            try:
                (SETTINGS / name).write_text(str(value))
            except FileNotFoundError:
                return False
            except OSError as error:
                raise TargetError(f"net/{name} = {value} was refused: {error.strerror}") from error
        return True

    def get(self, name: str) -> str:
        """What `net.NAME` is set to."""
        with self.entered():
            return (SETTINGS / name).read_text().strip()

    def table(self, name: str) -> int:
        """A descriptor on a table such as `snmp`; it stays with the namespace."""
        with self.entered():
            return os.open(TABLES / name, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the namespace; harmless when called twice."""
        self._release()


class Network:
    """Links, addresses and routes through one netlink socket."""

    def __init__(self, route: Any) -> None:
        self._route = route

    def add_pair(
        self, name: str, mac: bytes, peer: str, peer_mac: bytes, peer_namespace: Namespace
    ) -> None:
        """A veth pair with its other end in another namespace, both ends down."""
        other = peer_namespace.give_link_end({"ifname": peer, "address": _written(peer_mac)})
        # Where both ends have the same number, each in its namespace, the kernel takes a veth
        # for a plain interface, and a second passes before it says that the link is up.
        number = FIRST_INDEX + len(self._route.get_links())
        self._route.link(
            "add", index=number, ifname=name, kind="veth", address=_written(mac), peer=other
        )

    def set_mtu(self, name: str, octets: int) -> None:
        """How many octets of packet a link carries."""
        self._route.link("set", index=self._index(name), mtu=octets)

    def bring_up(self, name: str) -> None:
        """Take a link into service."""
        self._route.link("set", index=self._index(name), state="up")

    def await_carrier(self, name: str) -> None:
        """Wait until a link that is up on both ends carries frames; before, it drops them."""
        index = self._index(name)
        end = time.monotonic() + CARRIER_PATIENCE
        while self._route.get_links(index)[0].get("operstate") != "UP":
            if time.monotonic() > end:
                raise TargetError(f"{name} does not come up")
            select.select([], [], [], CARRIER_PAUSE)

    def bring_down(self, name: str) -> None:
        """Take a link out of service."""
        self._route.link("set", index=self._index(name), state="down")

    def add_address(self, name: str, address: str, prefix_length: int) -> None:
        """Give an interface an address and its subnet's broadcast address."""
        # pyroute2 adds no broadcast address by itself; "+" would be iproute2's way to ask.
        self._route.addr(
            "add",
            index=self._index(name),
            address=address,
            prefixlen=prefix_length,
            broadcast=_broadcast(address, prefix_length),
        )

    def add_route(self, destination: str, gateway: str) -> None:
        """A route by a gateway, behind those to the same destination.

        The kernel looks for a gateway that is alive among default routes of one metric alone.
        """
        self._route.route("append", dst=destination, gateway=gateway)

    def _index(self, name: str) -> int:
        found = self._route.link_lookup(ifname=name)
        if not found:
            raise TargetError(f"there is no interface {name!r}")
        return int(found[0])


def _own() -> int:
    return os.open(OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)


def _checked(result: int, doing: str) -> None:
    if result == 0:
        return
    number = ctypes.get_errno()
    if number in (1, 13):
        raise TargetError(
            f"{doing} needs root or CAP_SYS_ADMIN "
            "(or `unshare --user --map-root-user --net` before the command)"
        )
    raise TargetError(f"{doing} failed: {os.strerror(number)}")


def _written(mac: bytes) -> str:
    return mac.hex(":")


def _broadcast(address: str, prefix_length: int) -> str:
    ones = (1 << (32 - prefix_length)) - 1
    number = int.from_bytes(socket.inet_aton(address), "big") | ones
    return socket.inet_ntoa(number.to_bytes(4, "big"))
