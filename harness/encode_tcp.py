"""TCP segments from the fields of a template (RFC 9293 §3.1)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from socket import inet_aton
from typing import Any

from harness import scapy_layers
from harness.encode_checksum import finished

FIRST_SEQUENCE = 1000
SYN = 2
_CHECKSUM_AT = 16


def tcp_segment(
    given: Mapping[str, Any], carried: bytes, ends: tuple[str, str], ports: tuple[int, int]
) -> bytes:
    """A segment with these fields between these addresses; `ports` serve one that names none."""
    options = given.get("options", b"")
    if "mss" in given:
        options = b"\x02\x04" + given["mss"].to_bytes(2, "big") + options
    options += bytes(-len(options) % 4)
    header = scapy_layers.tcp(
        {
            "sport": given.get("sport", ports[0]),
            "dport": given.get("dport", ports[1]),
            "sequence": given.get("sequence", FIRST_SEQUENCE),
            "acknowledgment": given.get("acknowledgment", 0),
            "flags": given.get("flags", SYN),
            "window": given.get("window", 8192),
            "urgent": given.get("urgent", 0),
            "words": 5 + len(options) // 4,
        }
    )
    segment = header + options + carried
    pseudo = b"".join(map(inet_aton, ends)) + struct.pack("!BBH", 0, 6, len(segment))
    return finished(segment, _CHECKSUM_AT, given.get("checksum"), pseudo)
