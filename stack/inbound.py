"""A datagram on its way up: what was received, and what is known of how it came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from stack.wire.ipv4 import Ipv4Header

if TYPE_CHECKING:
    from stack.hook_packet import Passage
    from stack.nic import Nic


class Cast(Enum):
    """To how many a frame or a datagram is addressed."""

    UNICAST = "one"
    MULTICAST = "a group"
    BROADCAST = "all"


UNICAST: Final = Cast.UNICAST
MULTICAST: Final = Cast.MULTICAST
BROADCAST: Final = Cast.BROADCAST
# For what is done with every datagram: reading a member from its class costs more than a call.


@dataclass(slots=True)
class Inbound:
    """One datagram being received."""

    nic: Nic
    """The NIC the datagram is booked on."""
    header: Ipv4Header
    """As received; of a reassembled datagram the header of its first fragment, made whole."""
    payload: bytes
    octets: bytes
    """What errors quote: header and payload as received (RFC 1122 §3.2.2); of a reassembled
    datagram those of the first fragment."""
    link: Cast = UNICAST
    """RFC 1122 §2.4: the link layer tells IP how the frame was addressed."""
    looped: bool = False
    """Sent by this very stack."""
    built: bool = False
    """S7.14: built by this very stack: the transport checksum is taken as right."""
    cast: Cast = UNICAST
    """How the IP destination is addressed, once it is found to be for this host."""
    local: int = 0
    """The specific-destination address (RFC 1122 §3.2.1.3): ours that was meant."""
    area: bytes = b""
    """The option area after this host wrote into it; `header.options` is the one received."""
    reply_area: bytes = b""
    """Of an echo request: the option area of the reply (S4.2, echo use)."""
    router_alert: bool = False
    reassembled: bool = False
    return_route: bytes = b""
    """The source route reversed, as an option without padding; empty when there was none."""
    return_hop: int = 0
    """The first hop of that way back."""
    passage: Passage | None = None
    """What the hooks remember of it."""
