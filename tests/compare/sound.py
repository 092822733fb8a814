"""Whether a frame of the stack's can be, by itself, an answer to what was sent.

A class excuses that the kernel does something else. Where only one side speaks there is nothing
to compare a frame with, and then it would excuse any frame at all; so it has to be a sound one.
What only the class knows, such as which error is due, is left to the class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from socket import inet_aton, inet_ntoa
from typing import Final

from harness.addresses import tester_mac
from harness.decode import DecodedOption, Frame, decode, read_options
from tests.compare.network import Plan
from tests.compare.normalise import Seen
from tests.compare.stimulus import (
    COPIED,
    RECORD_ROUTE,
    SOURCE_ROUTES,
    STRICT,
    TIMESTAMP,
    Sent,
    fault_at,
    options,
    truncated,
    within,
)

_TTL: Final = 64
_LARGEST_ERROR: Final = 576
"""RFC 1812 §4.3.2.3."""
_ACK, _RST = 16, 4
_TOTAL_LENGTH, _DESTINATION = 2, 16
"""Octets of the header that are pointed at."""
_ENTERED: Final = frozenset({RECORD_ROUTE, TIMESTAMP})
"""Options that others than the source write into."""


def sound(seen: Seen, sent: Sent) -> bool:
    """Whether the stack may send a frame because of a unit, and as often as it does."""
    alike = [one for one in sent.stack if (one.link, one.fields) == (seen.link, seen.fields)]
    same = max(Counter(frame.octets for _, frame in sent.frames).values())
    mac = sent.plan.links[seen.link].target_mac
    if len(alike) > same or seen.fields["from"] != mac:
        return False
    if seen.kind.startswith("ARP"):
        return _arp(seen, sent)
    if not seen.fields.get("checksum_right") or seen.fields["version"] != 4:
        return False
    if any(_onward(seen, frame, sent) for _, frame in sent.frames if sent.router):
        return True
    if seen.kind == "passed on":
        return False
    return not seen.fields["faults"] and any(
        _answers(seen, link, frame, sent) for link, frame in _datagrams(sent)
    )


def next_hop(plan: Plan, address: str) -> tuple[int, bytes] | None:
    """The link that leads to an address, and the link address there."""
    for number, link in enumerate(plan.links):
        if link.has(address):
            return number, tester_mac(address)
    for destination, gateway in plan.routes:
        if within(address, IPv4Network(destination)):
            return next_hop(plan, gateway)
    return None


def slots(option: DecodedOption) -> Iterator[str]:
    """The addresses of a route, those behind its pointer too."""
    for at in range(3, len(option.octets) - 3, 4):
        yield inet_ntoa(option.octets[at : at + 4])


def _listed(frame: Frame) -> set[str]:
    return {hop for one in options(frame) if one.type in SOURCE_ROUTES for hop in slots(one)}


def _datagrams(sent: Sent) -> Iterator[tuple[int, Frame]]:
    """What came, and what its fragments are put together."""
    trains: dict[bytes, list[tuple[int, Frame]]] = {}
    for link, frame in sent.frames:
        if "ip" not in frame.parts:
            continue
        yield link, frame
        if frame.is_fragment:
            key = frame.datagram[4:6] + frame.datagram[9:10] + frame.datagram[12:20]
            trains.setdefault(key, []).append((link, frame))
    for train in trains.values():
        yield from _together(train)


def _together(train: list[tuple[int, Frame]]) -> Iterator[tuple[int, Frame]]:
    data: dict[int, int] = {}
    ended = False
    for _, piece in train:
        if piece.get("ip", "mf") and len(piece.get("ip", "payload")) % 8:
            # Refused.
            continue
        data.update(enumerate(piece.get("ip", "payload"), piece.get("ip", "offset")))
        ended = ended or not piece.get("ip", "mf")
        if ended and set(data) == set(range(len(data))):
            # What comes now is of another one.
            break
    if set(data) != set(range(len(data))):
        return
    payload = bytes(data[at] for at in range(len(data)))
    for link, piece in train:
        if not piece.get("ip", "offset"):
            header = bytearray(piece.datagram[: piece.get("ip", "ihl") * 4])
            header[2:4] = min(len(header) + len(payload), 0xFFFF).to_bytes(2, "big")
            header[6:8] = bytes(2)
            yield link, decode(bytes(header) + payload, bare_ip=True)


def _arp(seen: Seen, sent: Sent) -> bool:
    link, fields = sent.plan.links[seen.link], seen.fields
    spoken = fields["arp.sender"] == link.target and fields["arp.sender_mac"] == link.target_mac
    everyone = fields["arp.operation"] == 1 and fields["to"] == b"\xff" * 6
    return bool(spoken and (everyone or fields["to"] == fields["arp.target_mac"]))


def _answers(seen: Seen, link: int, frame: Frame, sent: Sent) -> bool:
    fields = seen.fields
    if (fields["ttl"], fields["reserved"]) != (_TTL, 0) or not _goes_back(seen, frame, sent):
        return False
    asked = frame.get("ip", "dst")
    source = asked if asked in sent.plan.own else sent.plan.links[link].target
    if seen.kind == "tcp":
        return bool(fields["src"] == asked) and _resets(seen, frame)
    if fields["df"]:
        return False
    if "quote" not in fields:
        return fields["src"] == source and _replies(seen, frame, sent)
    if sent.router:
        # RFC 1812 §4.3.2.4, §4.3.2.5.
        source = sent.plan.links[seen.link].target
    tos = frame.get("ip", "tos") & 0x1C | 0xC0 if sent.router else 0
    return fields["src"] == source and fields["tos"] == tos and _reports(seen, frame, sent)


def _goes_back(seen: Seen, frame: Frame, sent: Sent) -> bool:
    """By the way that the routes say, to the source or the hop before, with no strange option."""
    to, source = seen.fields["dst"], frame.get("ip", "src")
    carried = [one for one in read_options(seen.fields.get("options", b"")) if one.type > 1]
    back = [one for one in carried if one.type in SOURCE_ROUTES]
    if back:
        (route, *more) = back
        listed = {*_listed(frame), source}
        if more or not {to, *slots(route)} <= listed or route.octets[-4:] != inet_aton(source):
            return False
    elif to != source:
        return False
    return (
        next_hop(sent.plan, to) == (seen.link, seen.fields["to"])
        and all(
            one in back
            or any(_entered(other, one, sent) for other in options(frame) if one.type in _ENTERED)
            for one in carried
        )
        and _filled_up(seen)
    )


def _filled_up(seen: Seen) -> bool:
    """Whether zeros alone follow an end of list (RFC 791 §3.1)."""
    area = read_options(seen.fields.get("options", b""))
    return not any(one.type == 0 and one.octets.strip(b"\0") for one in area)


def _entered(asked: DecodedOption, returned: DecodedOption, sent: Sent, most: int = 1) -> bool:
    """Whether an option is as it was but for so many entries of the stack's at its pointer.

    In a timestamp there may be one more: the stack stamps what it sends, too (S12.9).
    """
    was, now = asked.octets, returned.octets
    if asked.type not in _ENTERED | SOURCE_ROUTES or len(was) < 4:
        return was == now
    if was[:2] != now[:2]:
        return False
    own = sent.plan.own
    flag = was[3] & 15 if asked.type == TIMESTAMP else 0
    size, begin = 4, was[2] - 1
    if asked.type == TIMESTAMP:
        size, most = (8 if flag else 4), most + 1
        # The fourth octet counts those who found no room.
        was, now = was[:3] + bytes((flag,)) + was[4:], now[:3] + bytes((now[3] & 15,)) + now[4:]
    entries, odd = divmod(now[2] - was[2], size)
    end = begin + entries * size
    if odd or not 0 <= entries <= most or was[3:begin] + was[end:] != now[3:begin] + now[end:]:
        return False
    return (asked.type == TIMESTAMP and not flag) or all(
        inet_ntoa(now[at : at + 4]) in own for at in range(begin, end, size)
    )


def _resets(seen: Seen, frame: Frame) -> bool:
    """RFC 9293 §3.10.7.1: with the numbers that the segment asks for."""
    if "tcp" not in frame.parts or not seen.fields["df"] or seen.fields["tos"]:
        return False
    asked = frame.parts["tcp"].fields
    numbers = {"sequence": 0, "acknowledgment": asked["next_sequence"], "flags": _RST | _ACK}
    if asked["flags"] & _ACK:
        numbers = {"sequence": asked["acknowledgment"], "acknowledgment": 0, "flags": _RST}
    numbers |= {"sport": asked["dport"], "dport": asked["sport"]}
    return not (asked["flags"] & _RST or seen.fields["data"] or seen.fields["tcp.options"]) and all(
        seen.fields[f"tcp.{name}"] == value for name, value in numbers.items()
    )


def _replies(seen: Seen, frame: Frame, sent: Sent) -> bool:
    """Whether a query is answered, or a piece of the answer sent where it does not fit a link."""
    fields, payload = seen.fields, frame.get("ip", "payload")
    carried = read_options(fields.get("options", b""))
    if _must_return(frame, sent) and not any(one.type in SOURCE_ROUTES for one in carried):
        return False
    kind = {8: "icmp 0/0", 13: "icmp 14/0"}.get(frame.get("icmp", "type"))
    if kind is None or fields["tos"] != frame.get("ip", "tos"):
        return False
    if "payload" in fields:
        start, own = fields["offset"], fields["payload"]
        # Type, code and checksum are the first octets.
        known, end = max(4 - start, 0), start + len(own)
        return (
            own[known:] == payload[start + known : end]
            and bool(fields["mf"]) == (end < len(payload))
            and (not fields["mf"] or len(own) % 8 == 0)
        )
    if seen.kind != kind or fields["mf"] or not fields["icmp.checksum_right"]:
        return False
    if kind == "icmp 14/0":
        return bool(fields["icmp.rest"] + fields["icmp.data"][:4] == payload[4:12])
    return bool(fields["icmp.rest"] + fields["icmp.data"] == payload[4:])


def _must_return(frame: Frame, sent: Sent) -> bool:
    """Whether a datagram came by a route that is sound and leads back (RFC 1122 §3.2.2.6)."""
    routes = [one for one in options(frame) if one.type in SOURCE_ROUTES]
    hops = [hop for one in routes for hop in slots(one)]
    return (
        len(routes) == 1
        and bool(hops)
        and routes[0].length % 4 == 3
        and not any(
            hop in sent.plan.own
            or hop == frame.get("ip", "src")
            or sent.many(hop)
            or sent.lowest(hop)
            or next_hop(sent.plan, hop) is None
            or not 0 < int(hop.split(".")[0]) < 224
            or hop.startswith("127.")
            for hop in hops
        )
    )


def _reports(seen: Seen, frame: Frame, sent: Sent) -> bool:
    fields = seen.fields
    mtu = sent.plan.links[seen.link].mtu
    room = min(mtu, _LARGEST_ERROR) - 28 - len(fields.get("options", b""))
    if not (
        sent.reportable(frame)
        and fields["icmp.checksum_right"]
        and _quotes(fields["quote"], frame.datagram[:room], looped=_followed(frame, sent))
    ):
        return False
    rest = fields["icmp.rest"]
    if seen.kind == "icmp 12/0" and not _at_fault(frame, rest[0], sent):
        return False
    told = {"icmp 3/4": rest[2:], "icmp 5/1": rest, "icmp 12/0": rest[:1]}.get(seen.kind, b"")
    routed = sent.router or not fields.get("options")
    return not fields["mf"] and routed and rest.strip(b"\0") == told.strip(b"\0")


def _at_fault(frame: Frame, octet: int, sent: Sent) -> bool:
    """Whether there is a fault where a Parameter Problem points."""
    if octet == _TOTAL_LENGTH:
        return truncated(frame)
    if octet == _DESTINATION:
        return any(one.type == STRICT for one in options(frame))
    return fault_at(frame, octet)


def _quotes(quote: bytes, received: bytes, *, looped: int) -> bool:
    """Whether a quote is what came; on its way between two addresses of the stack it changes."""
    if not looped:
        return quote == received
    end = (received[0] & 15) * 4
    return all(quote[a:b] == received[a:b] for a, b in ((0, 8), (12, 16), (end, None)))


def _followed(frame: Frame, sent: Sent) -> int:
    """How many addresses of the router's own a source route names."""
    return sum(hop in sent.plan.own for hop in _listed(frame)) if sent.router else 0


def _onward(seen: Seen, frame: Frame, sent: Sent) -> bool:
    """Whether a datagram has been passed on as it came, but for what a router changes."""
    if "ip" not in frame.parts:
        return False
    was = frame.parts["ip"].fields
    now = {**decode(seen.octets).parts["ip"].fields, **seen.fields}
    same = ("src", "tos", "identification", "protocol", "df", "reserved")
    if any(was[name] != now[name] for name in same):
        return False
    followed = _followed(frame, sent)
    if not 1 <= was["ttl"] - now["ttl"] <= 1 + followed:
        return False
    if now["dst"] not in {was["dst"], *_listed(frame)}:
        return False
    start = now["offset"] - was["offset"]
    end = start + len(now["payload"])
    more = bool(was["mf"]) or end < len(was["payload"])
    return (
        next_hop(sent.plan, now["dst"]) == (seen.link, now["to"])
        and start >= 0
        and now["payload"] == was["payload"][start:end]
        and bool(now["mf"]) == more
        and _filled_up(seen)
        and _kept(seen, frame, sent, later=start > 0)
    )


def _kept(seen: Seen, frame: Frame, sent: Sent, *, later: bool) -> bool:
    """Whether a datagram has its options still; later pieces those that are copied (RFC 791 §3.1).

    Entries are made in those of every piece.
    """
    was = [one for one in options(frame) if one.type >= COPIED or not later]
    now = [one for one in read_options(seen.fields.get("options", b"")) if one.type > 1]
    most = 1 + _followed(frame, sent)
    return len(was) == len(now) and all(
        _entered(one, other, sent, most) for one, other in zip(was, now, strict=True)
    )
