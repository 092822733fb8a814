"""One line about a frame, for traces, captures and explanations."""

from __future__ import annotations

from typing import Any

from harness.decode import Frame, decode

_ICMP_NAMES = {
    0: "echo reply",
    3: "destination unreachable",
    4: "source quench",
    5: "redirect",
    8: "echo request",
    9: "router advertisement",
    10: "router solicitation",
    11: "time exceeded",
    12: "parameter problem",
    13: "timestamp request",
    14: "timestamp reply",
    15: "information request",
    16: "information reply",
    17: "address mask request",
    18: "address mask reply",
}
_UNREACHABLE_CODES = {
    0: "net",
    1: "host",
    2: "protocol",
    3: "port",
    4: "fragmentation needed",
    5: "source route failed",
}
_TCP_FLAGS = tuple(
    (1 << place, name)
    for place, name in enumerate(("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"))
)
_IGMP_NAMES = {
    0x11: "query",
    0x12: "v1 report",
    0x16: "v2 report",
    0x17: "leave",
    0x22: "v3 report",
}
_OPTION_NAMES = {
    0: "end of list",
    1: "no-operation",
    7: "record route",
    68: "timestamp",
    130: "security",
    131: "loose source route",
    133: "extended security",
    136: "stream id",
    137: "strict source route",
    148: "router alert",
}


def summary(octets: bytes, *, bare_ip: bool = False) -> str:
    """One line about a frame's octets."""
    return summary_of(decode(octets, bare_ip=bare_ip))


def summary_of(frame: Frame) -> str:
    """One line about a decoded frame."""
    if "arp" in frame.parts:
        return _arp(frame.parts["arp"].fields)
    if "ip" in frame.parts:
        return _ip(frame)
    if frame.faults:
        return f"{len(frame.octets)} octets: {', '.join(frame.faults)}"
    ethertype = frame.get("ether", "ethertype")
    return f"{len(frame.octets)} octets, Ethertype {ethertype:#06x}" if ethertype else "frame"


def _arp(fields: dict[str, Any]) -> str:
    if fields["operation"] == 1:
        return f"ARP request for {fields['target']} from {fields['sender']}"
    if fields["operation"] == 2:
        return f"ARP reply {fields['sender']} is at {mac_text(fields['sender_mac'])}"
    return f"ARP operation {fields['operation']}"


def mac_text(octets: bytes) -> str:
    """A link address as people write it."""
    return octets.hex(":")


def option_name(kind: int) -> str:
    """The name of an option type."""
    return _OPTION_NAMES.get(kind, f"option {kind}")


def _ip(frame: Frame) -> str:
    fields = frame.parts["ip"].fields
    notes = [f"{fields['total_length']} octets", f"ttl {fields['ttl']}"]
    if frame.is_fragment:
        more = ", more" if fields["mf"] else ""
        notes.append(f"fragment {fields['identification']:#06x} at {fields['offset']}{more}")
    if fields["df"]:
        notes.append("DF")
    kinds = [option_name(o.type) for o in fields["options"] if o.type > 1]
    if kinds:
        notes.append("options: " + ", ".join(kinds))
    notes.extend(frame.faults)
    return f"{fields['src']} > {fields['dst']} {upper_name(frame)} ({'; '.join(notes)})"


def tcp_flags(octet: int) -> str:
    """The flags that are set, by name (RFC 9293 §3.1)."""
    return " ".join(name for bit, name in _TCP_FLAGS if octet & bit) or "no flags"


def upper_name(frame: Frame) -> str:
    """What an IP packet carries, in a few words."""
    if "icmp" in frame.parts:
        return icmp_name(frame.parts["icmp"].fields)
    if "udp" in frame.parts:
        udp = frame.parts["udp"].fields
        return f"UDP {udp['sport']} > {udp['dport']}"
    if "tcp" in frame.parts:
        tcp = frame.parts["tcp"].fields
        return f"TCP {tcp['sport']} > {tcp['dport']} {tcp_flags(tcp['flags'])}"
    if "igmp" in frame.parts:
        kind = frame.parts["igmp"].fields["type"]
        return f"IGMP {_IGMP_NAMES.get(kind, f'type {kind:#04x}')}"
    return f"protocol {frame.get('ip', 'protocol')}"


def icmp_name(fields: dict[str, Any]) -> str:
    """An ICMP message in words, with type and code."""
    kind, code = fields["type"], fields["code"]
    name = _ICMP_NAMES.get(kind, "message")
    if kind == 3 and code in _UNREACHABLE_CODES:
        name = f"{name}, {_UNREACHABLE_CODES[code]}"
    pointer = f", pointer {fields['pointer']}" if "pointer" in fields else ""
    return f"ICMP {name} ({kind}/{code}{pointer})"
