"""The stack's default handlers: who takes what no socket wants (S2.28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from stack.wire.ipv4 import Ipv4Header

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


class Unclaimed(NamedTuple):
    """A datagram of a known protocol that no socket wants."""

    nic: int
    header: Ipv4Header
    """A handler must not change it."""
    payload: bytes


Handler = Callable[[Unclaimed], bool]
"""Answers True when it took the datagram; then no error and no reset is sent."""


def take(core: Core, inbound: Inbound) -> bool:
    """Show a datagram to the handler of its protocol; answer whether that took it."""
    handler = core.handlers.get(inbound.header.protocol)
    if handler is None:
        return False
    return handler(Unclaimed(inbound.nic.number, inbound.header, inbound.payload))
