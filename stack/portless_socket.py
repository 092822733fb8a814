"""What raw and ICMP sockets have in common: an address and a peer, and no port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.refusal import Reason, Refused
from stack.socket_base import Address, Socket
from stack.wire.address import as_address

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.wire.icmp import IcmpMessage


@dataclass(slots=True, eq=False)
class PortlessSocket(Socket):
    """A socket whose ends are addresses alone."""

    _address: int | None = None
    _peer: int | None = None

    def bind(self, address: Address) -> None:
        """Take a local address: it is the source of what is sent."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        local = as_address(address)
        if not self.core.may_send_from(local):
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        self._address = local
        self._keep(local)

    def connect(self, address: Address) -> None:
        """Fix the peer: only it is heard, and what names no destination goes there."""
        self._check_open()
        self._peer = as_address(address)

    def disconnect(self) -> None:
        """Have no peer any more."""
        self._peer = None

    def peer_address(self) -> int | None:
        """Answer the peer's address."""
        return self._peer

    def _goal(self, to: Address | None) -> int:
        """Whom a call sends to."""
        if to is not None:
            return as_address(to)
        if self._peer is None:
            raise Refused(Reason.NO_DESTINATION)
        return self._peer

    def _goes_to(self, destination: int) -> bool:
        """Whether a datagram with this destination may be of this socket.

        S12.8: with a source route the header's destination is a hop.
        """
        return self._options.first_hop is not None or self._peer in (None, destination)

    def hear(self, inbound: Inbound, message: IcmpMessage, mtu: int) -> None:
        """Take in an ICMP error; S5.36: NETSTACK tells these sockets of none."""
        if self.core.policy.soft_and_hard_errors:
            Socket.hear(self, inbound, message, mtu)
