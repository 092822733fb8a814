"""ICMP messages from the fields of a template (RFC 792, RFC 950)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import scapy_layers
from harness.encode_checksum import finished

DEFAULT_DATA = b"ip4spec echo data"
_ECHO = (0, 8)
_TIMESTAMP = (13, 14)
_MASK = (17, 18)
_QUERIES = (*_ECHO, *_TIMESTAMP, 15, 16, *_MASK)
_TIMES = (("ts_ori", "originate"), ("ts_rx", "receive"), ("ts_tx", "transmit"))


def icmp_message(given: Mapping[str, Any], identifier: int, sequence: int) -> bytes:
    """A message with these fields; `identifier` and `sequence` serve queries that name none."""
    kind, code = given.get("type", 8), given.get("code", 0)
    carried = given.get("data", DEFAULT_DATA if kind in _ECHO and "rest" not in given else b"")
    if "rest" in given:
        header = bytes((kind, code, 0, 0)) + given["rest"]
    else:
        header = scapy_layers.icmp(kind, code, _fields(kind, given, identifier, sequence))
        if given.get("unused"):
            header = header[:4] + given["unused"].ljust(4, b"\x00") + header[8:]
    return finished(header + carried, 2, given.get("checksum"), b"")


def _fields(kind: int, given: Mapping[str, Any], identifier: int, sequence: int) -> dict[str, Any]:
    """What follows type, code and checksum, by scapy's names."""
    fields: dict[str, Any] = {}
    if kind in _QUERIES:
        fields["id"] = given.get("identifier", identifier)
        fields["seq"] = given.get("sequence", sequence)
    if kind in _TIMESTAMP:
        fields.update({theirs: given.get(ours, 0) for theirs, ours in _TIMES})
    if kind in _MASK:
        fields["addr_mask"] = given.get("mask", "0.0.0.0")
    if kind == 3 and "mtu" in given:
        fields["nexthopmtu"] = given["mtu"]
    if kind == 5:
        fields["gw"] = given.get("gateway", "0.0.0.0")
    if kind == 12:
        fields["ptr"] = given.get("pointer", 0)
    return fields
