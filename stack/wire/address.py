"""IPv4 addresses and prefixes.

An address is an ``int`` of 32 bits: the number of the dotted quad, first octet highest. The classes
are those that RFC 1122 §3.2.1.3 and RFC 6890 give rules for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LIMITED_BROADCAST: Final = 0xFFFFFFFF
"""255.255.255.255, never forwarded."""
LOOPBACK: Final = 0x7F000001
"""127.0.0.1."""
ALL_HOSTS: Final = 0xE0000001
"""224.0.0.1, the group that every host is in (RFC 1112 §4)."""
ALL_ROUTERS: Final = 0xE0000002
"""224.0.0.2, where IGMPv2 leaves go (RFC 2236 §2)."""
IGMP_V3_ROUTERS: Final = 0xE0000016
"""224.0.0.22, where IGMPv3 reports go (RFC 9776 §4.2.14)."""


def parse_address(text: str) -> int:
    """The number of a dotted quad; ValueError when the text is none (a caller's mistake)."""
    parts = text.split(".")
    if len(parts) != 4:
        raise ValueError(f"not a dotted quad: {text!r}")
    value = 0
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 3 and int(part) <= 255):
            raise ValueError(f"not a dotted quad: {text!r}")
        value = value << 8 | int(part)
    return value


def format_address(address: int) -> str:
    """The dotted quad of a number."""
    return f"{address >> 24 & 255}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def as_address(address: int | str) -> int:
    """What callers of the facade may give, a number or a dotted quad, as a number."""
    return parse_address(address) if isinstance(address, str) else address


def is_multicast(address: int) -> bool:
    """A group: 224/4 (RFC 1112 §4)."""
    return address >> 28 == 0xE


def is_link_local_multicast(address: int) -> bool:
    """A group of 224.0.0/24, never forwarded (RFC 1112 §6.1, RFC 5771 §4)."""
    return address >> 8 == 0xE00000


def is_loopback(address: int) -> bool:
    """Inside 127/8, which never leaves a host (RFC 1122 §3.2.1.3 g)."""
    return address >> 24 == 127


def is_class_e(address: int) -> bool:
    """Inside 240/4, the limited broadcast aside (RFC 1122 §3.2.1.3)."""
    return address >> 28 == 0xF and address != LIMITED_BROADCAST


def is_zero_network(address: int) -> bool:
    """Inside 0/8, 0.0.0.0 included (RFC 1122 §3.2.1.3 a, b)."""
    return address >> 24 == 0


def is_limited_broadcast(address: int) -> bool:
    """255.255.255.255 (RFC 1122 §3.2.1.3 c)."""
    return address == LIMITED_BROADCAST


class Prefix(NamedTuple):
    """A block of addresses: every address whose first ``length`` bits are those of ``network``."""

    network: int
    """The lowest address of the block; bits behind ``length`` are zero."""
    length: int
    """0 to 32 bits."""

    @classmethod
    def of(cls, address: int, length: int) -> Prefix:
        """The block of that length that an address lies in."""
        return cls(address & (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF, length)

    @classmethod
    def parse(cls, text: str) -> Prefix:
        """The block written "192.0.2.0/24"; ValueError when the text is none."""
        address, slash, length = text.partition("/")
        if not slash:
            return cls(parse_address(address), 32)
        if not (length.isascii() and length.isdigit() and len(length) <= 2 and int(length) <= 32):
            raise ValueError(f"not a prefix: {text!r}")
        return cls.of(parse_address(address), int(length))

    @property
    def netmask(self) -> int:
        """The mask with one bits where the network is."""
        return 0xFFFFFFFF << (32 - self.length) & 0xFFFFFFFF

    def contains(self, address: int) -> bool:
        """Whether an address lies in the block."""
        return (address ^ self.network) >> (32 - self.length) == 0

    def broadcast(self) -> int | None:
        """The address with all host bits one; /31 (RFC 3021 §2.1) and /32 have none."""
        if self.length > 30:
            return None
        return self.network | (0xFFFFFFFF >> self.length)

    def __str__(self) -> str:
        return f"{format_address(self.network)}/{self.length}"
