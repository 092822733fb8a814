"""A template against a frame: the fields that differ, field by field."""

from __future__ import annotations

from typing import Any

from harness.case.match import QuoteOf
from harness.case.packet import Layer, Packet
from harness.decode import Frame, Part
from harness.judge.match import matches
from harness.judge.option_match import options_match
from harness.judge.quote import quote_fault
from harness.judge.view import View
from harness.judge.words import value_words
from harness.verdict import Difference

_LAYER_NAMES = {
    "ether": "an Ethernet II header",
    "snap": "an 802.3 header with SNAP",
    "arp": "an ARP packet",
    "ip": "an IPv4 header",
    "icmp": "an ICMP message",
    "udp": "a UDP header",
    "tcp": "a TCP header",
    "igmp": "an IGMP message",
    "data": "data",
}


def differences(packet: Packet, frame: Frame, view: View) -> list[Difference]:
    """What of a frame is not as a template says; empty when it matches.

    A template that names neither `mf` nor `offset` wants a whole datagram: a fragment is a
    difference.
    """
    found: list[Difference] = []
    for layer in packet.layers:
        part = frame.parts.get(layer.kind)
        if part is None:
            wanted = _LAYER_NAMES[layer.kind]
            if not (layer.kind == "data" and layer.get("octets") == b""):
                found.append(Difference(layer.kind, wanted, "none"))
            continue
        for name, value in layer.fields:
            difference = _difference(layer, name, value, part, view)
            if difference is not None:
                found.append(difference)
        if layer.kind == "ip" and frame.is_fragment and _wants_whole(layer):
            found.append(
                Difference(
                    "ip.mf, ip.offset", "a whole datagram", "a fragment", part.place("offset")
                )
            )
    return found


def _wants_whole(layer: Layer) -> bool:
    return layer.get("mf") is None and layer.get("offset") is None


def _difference(layer: Layer, name: str, wanted: Any, part: Part, view: View) -> Difference | None:
    actual = part.fields.get(name)
    label = f"{layer.kind}.{name}"
    if isinstance(wanted, QuoteOf):
        if actual is None:
            return Difference(label, value_words(wanted, view.lease), "no quote")
        fault = quote_fault(wanted, actual, view)
        if fault is None:
            return None
        start = part.start + 8
        place = (start + fault.place[0], start + fault.place[1])
        return Difference(label, fault.expected, fault.actual, place)
    if name == "options" and layer.kind == "ip":
        right = options_match(wanted, actual or [], view)
    else:
        right = matches(wanted, actual, view)
    if right:
        return None
    return Difference(
        label,
        value_words(wanted, view.lease, name),
        "not there" if actual is None else value_words(actual, view.lease, name),
        part.place(name),
    )


def nearness(packet: Packet, frame: Frame, found: list[Difference]) -> tuple[int, int]:
    """How near a frame comes to a template: for choosing the one to explain a failure with."""
    missing = sum(1 for layer in packet.layers if layer.kind not in frame.parts)
    return missing, len(found)
