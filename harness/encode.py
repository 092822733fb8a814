"""From templates to frames: symbols resolved, unset fields right, set ones as given.

An `Encoder` serves one lease and keeps what it has built: equal stimuli are encoded once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from socket import inet_aton
from typing import Any

from harness import scapy_layers
from harness.addresses import Lease, group_mac, tester_mac
from harness.case.match import Seen
from harness.case.options import Option
from harness.case.packet import (
    Balancing,
    Fragments,
    Layer,
    Packet,
    Padded,
    Plus,
    Stimulus,
    Truncated,
    ZeroSum,
)
from harness.case.symbols import (
    BROADCAST_MAC,
    CLOSED_PORT,
    FAR,
    FAR_HOST,
    FAR_HOST_MAC,
    FAR_TESTER,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    TESTER,
    TESTER_PORT,
    Address,
    Mac,
    Port,
)
from harness.encode_checksum import (
    TemplateError,
    balanced,
    finished,
    spoiled,
    summing_to_zero,
    with_checksum_for_claimed_length,
)
from harness.encode_icmp import icmp_message
from harness.encode_tcp import tcp_segment

Lookup = Callable[[str, str], Any]
"""The value of a field (`layer.field`) in the frame of a labelled step."""

FIRST_IDENTIFICATION = 0x4000
_PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17}


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a stimulus became: frames, and the IP datagram that they carry (before cutting)."""

    frames: tuple[bytes, ...]
    datagram: bytes


class Encoder:
    """Encodes templates with the addresses of one lease."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._kept: dict[tuple[Stimulus, int, int], Encoded] = {}

    def encode(self, stimulus: Stimulus, link: int, serial: int, lookup: Lookup) -> Encoded:
        """Frames for a stimulus on a link.

        `serial` makes the default Identification of one stimulus of a case differ from the
        next one's. `lookup` serves templates that name fields of other frames.

        Raises:
            TemplateError: the template makes no sense.
            Unresolved: the laboratory lacks an address that it names.
        """
        key = (stimulus, link, serial)
        kept = self._kept.get(key)
        if kept is None:
            writer = _Writer(self.lease, link, serial, lookup)
            kept = writer.encode(stimulus)
            if not writer.looked_up:
                self._kept[key] = kept
        return kept

    def option_area(self, options: tuple[Option, ...], link: int, lookup: Lookup) -> bytes:
        """The octets of some options, one behind the other."""
        writer = _Writer(self.lease, link, 0, lookup)
        return b"".join(writer.option(option) for option in options)


class _Writer:
    """One encoding: knows the link, the serial number and where to look fields up."""

    def __init__(self, lease: Lease, link: int, serial: int, lookup: Lookup) -> None:
        self.lease = lease
        self.link = link
        self.serial = serial
        self.looked_up = False
        self._lookup = lookup

    def encode(self, stimulus: Stimulus) -> Encoded:
        match stimulus:
            case Fragments():
                return self._fragments(stimulus)
            case Truncated():
                whole = self._packet(stimulus.packet)
                header, datagram = self._split(stimulus.packet)
                return Encoded((header + datagram[: stimulus.octets],), whole.datagram)
            case Padded():
                whole = self._packet(stimulus.packet)
                return Encoded((whole.frames[0] + stimulus.padding,), whole.datagram)
            case Layer():
                return self._packet(Packet((stimulus,)))
            case Packet():
                return self._packet(stimulus)

    def _packet(self, packet: Packet) -> Encoded:
        header, body = self._split(packet)
        return Encoded((header + body,), body)

    def _split(self, packet: Packet) -> tuple[bytes, bytes]:
        """Link header and body of a packet."""
        layers = packet.layers
        link_layer = layers[0] if layers[0].kind in ("ether", "snap") else None
        inner = layers[1:] if link_layer is not None else layers
        if not inner:
            raise TemplateError("a packet of a link header alone")
        if inner[0].kind == "arp":
            fields = self._arp_fields(inner[0])
            body = scapy_layers.arp(fields)
            dst = BROADCAST_MAC if fields["operation"] == 1 else self._host_mac()
            return self._link_header(link_layer, dst, fields["sender_mac"], 0x0806, body), body
        if inner[0].kind == "data":
            body = inner[0].get("octets")
            src = tester_mac(self.lease.next_hop(TESTER))
            return self._link_header(link_layer, self._host_mac(), src, 0x0800, body), body
        body = self.datagram(inner)
        dst, src = self._macs(inner[0])
        return self._link_header(link_layer, dst, src, 0x0800, body), body

    def _link_header(
        self, layer: Layer | None, dst: bytes, src: bytes, ethertype: int, body: bytes
    ) -> bytes:
        if self.lease.links[self.link].bare_ip:
            if layer is not None:
                raise TemplateError("a link header on a bare-IP link")
            return b""
        if layer is not None:
            dst = self._value(layer.get("dst", dst))
            src = self._value(layer.get("src", src))
            if layer.kind == "snap":
                length = layer.get("length", len(body) + 8)
                return scapy_layers.ethernet_snap(dst, src, ethertype, length)
            ethertype = layer.get("ethertype", ethertype)
        return scapy_layers.ethernet(dst, src, ethertype)

    def _host_mac(self) -> bytes:
        if self.lease.links[self.link].bare_ip:
            return b""
        return self.lease.link_address(FAR_HOST_MAC if self.link == FAR else HOST_MAC)

    def _macs(self, header: Layer) -> tuple[bytes, bytes]:
        """Where a datagram goes on the link by its addresses, and who sends it there."""
        if self.lease.links[self.link].bare_ip:
            return b"", b""
        to = self._value(header.get("dst", FAR_HOST if self.link == FAR else HOST))
        link = self.lease.links[self.link]
        dst = self._host_mac()
        if to in ("255.255.255.255", link.broadcast):
            dst = BROADCAST_MAC
        elif 224 <= int(to.split(".")[0]) <= 239:
            dst = group_mac(to)
        source = header.get("src", FAR_TESTER if self.link == FAR else TESTER)
        if isinstance(source, Address) and source.far == (self.link == FAR):
            return dst, tester_mac(self.lease.next_hop(source))
        default = FAR_TESTER if self.link == FAR else TESTER
        return dst, tester_mac(self.lease.next_hop(default))

    def _arp_fields(self, layer: Layer) -> dict[str, Any]:
        sender = layer.get("sender", NEIGHBOUR)
        sender_mac = layer.get("sender_mac")
        if sender_mac is None:
            own = sender if isinstance(sender, Address) else NEIGHBOUR
            sender_mac = Mac(own)
        fields = {
            "hardware_type": 1,
            "protocol_type": 0x0800,
            "hardware_length": 6,
            "protocol_length": 4,
            "operation": 1,
            "target": FAR_HOST if self.link == FAR else HOST,
            "target_mac": bytes(6),
            **dict(layer.fields),
            "sender": sender,
            "sender_mac": sender_mac,
        }
        return {name: self._value(value) for name, value in fields.items()}

    def datagram(self, layers: tuple[Layer, ...]) -> bytes:
        """An IP datagram from its header layer and what it carries."""
        header, *carried = layers
        if header.kind != "ip":
            raise TemplateError(f"a {header.kind} layer where an IP header belongs")
        src, dst = self._ends(header)
        payload = self._payload(tuple(carried), src, dst)
        protocol = header.get("protocol")
        if protocol is None:
            protocol = _PROTOCOLS.get(carried[0].kind, 253) if carried else 253
        return self._header(header, protocol, src, dst, payload) + payload

    def _ends(self, header: Layer) -> tuple[str, str]:
        far = self.link == FAR
        src = self._value(header.get("src", FAR_TESTER if far else TESTER))
        dst = self._value(header.get("dst", FAR_HOST if far else HOST))
        return src, dst

    def _header(self, layer: Layer, protocol: int, src: str, dst: str, payload: bytes) -> bytes:
        given = dict(layer.fields)
        options = b"".join(self.option(option) for option in given.get("options", ()))
        area = (len(options) + 3) // 4 * 4
        offset = given.get("offset", 0)
        if offset % 8:
            raise TemplateError(f"fragment offset {offset} is no multiple of 8")
        total = given.get("total_length")
        if isinstance(total, Plus):
            total = (20 + area + len(payload) + total.delta) & 0xFFFF
        checksum = given.get("checksum")
        flags = given.get("reserved", 0) << 2 | given.get("df", 0) << 1 | given.get("mf", 0)
        header = scapy_layers.ipv4(
            {
                "version": given.get("version", 4),
                "ihl": given.get("ihl"),
                "tos": given.get("tos", 0),
                "total_length": total,
                "identification": self._identification(given),
                "flags": flags,
                "offset": offset // 8,
                "ttl": given.get("ttl", 64),
                "protocol": protocol,
                "checksum": checksum if isinstance(checksum, int) else None,
                "src": src,
                "dst": dst,
            },
            options,
            len(payload),
        )
        balance = given.get("identification")
        if isinstance(balance, Balancing):
            header = balanced(header, balance, checksum)
        if "ihl" in given and checksum is None:
            return with_checksum_for_claimed_length(header, given["ihl"], payload)
        return spoiled(header, 10, checksum)

    def _identification(self, given: dict[str, Any]) -> Any:
        value = given.get("identification", FIRST_IDENTIFICATION + self.serial)
        return 0 if isinstance(value, Balancing) else self._value(value)

    def option(self, option: Option) -> bytes:
        """The octets of an option."""
        if option.single:
            return bytes((option.type,))
        body = b"" if option.pointer is None else bytes((option.pointer,))
        if option.second is not None:
            body += bytes((option.second,))
        body += b"".join(self._slot(slot) for slot in option.slots or ())
        if option.type < 0:
            return body
        length = 2 + len(body) if option.length is None else option.length
        return bytes((option.type, length)) + body

    def _slot(self, slot: Any) -> bytes:
        if isinstance(slot, bytes):
            return slot
        if isinstance(slot, int):
            return slot.to_bytes(4, "big")
        return inet_aton(self._value(slot))

    def _payload(self, layers: tuple[Layer, ...], src: str, dst: str) -> bytes:
        if not layers:
            return b""
        layer, *inner = layers
        match layer.kind:
            case "icmp":
                return self._icmp(layer)
            case "udp":
                return self._udp(layer, self._payload(tuple(inner), src, dst), src, dst)
            case "tcp":
                return self._tcp(layer, self._payload(tuple(inner), src, dst), src, dst)
            case "igmp":
                return self._igmp(layer)
            case "data":
                octets: bytes = layer.get("octets")
                return octets
            case "ip":
                return self.datagram(layers)
        raise TemplateError(f"a {layer.kind} layer inside a datagram")

    def _icmp(self, layer: Layer) -> bytes:
        given = {name: self._value(value) for name, value in layer.fields}
        if "quote" in given:
            given["data"] = self._quote(given["quote"]) + given.get("tail", b"")
        return icmp_message(given, self.lease.identifier, self.serial)

    def _quote(self, quote: Any) -> bytes:
        """What an error quotes: octets as they are, or the head of a datagram template."""
        if isinstance(quote, Packet | Layer):
            layers = quote.layers if isinstance(quote, Packet) else (quote,)
            quoted = self.datagram(layers)
        else:
            quoted = bytes(quote)
        # RFC 792: the header and the first 64 bits of data.
        return quoted[: (quoted[0] & 15) * 4 + 8] if quoted else b""

    def _udp(self, layer: Layer, carried: bytes, src: str, dst: str) -> bytes:
        given = {name: self._value(value) for name, value in layer.fields}
        length = given.get("length", 8 + len(carried))
        if isinstance(length, Plus):
            length = 8 + len(carried) + length.delta
        header = scapy_layers.udp(
            given.get("sport", self.lease.ports[TESTER_PORT]),
            given.get("dport", self.lease.ports[CLOSED_PORT]),
            length,
        )
        pseudo = inet_aton(src) + inet_aton(dst) + struct.pack("!BBH", 0, 17, length)
        checksum = given.get("checksum")
        if isinstance(checksum, ZeroSum):
            return summing_to_zero(header, carried, pseudo)
        segment = finished(header + carried, 6, checksum, pseudo)
        # RFC 768: a computed checksum of zero is sent as all ones.
        if checksum is None and segment[6:8] == b"\x00\x00":
            return segment[:6] + b"\xff\xff" + segment[8:]
        return segment

    def _tcp(self, layer: Layer, carried: bytes, src: str, dst: str) -> bytes:
        given = {name: self._value(value) for name, value in layer.fields}
        ports = self.lease.ports[TESTER_PORT], self.lease.ports[CLOSED_PORT]
        return tcp_segment(given, carried, (src, dst), ports)

    def _igmp(self, layer: Layer) -> bytes:
        given = {name: self._value(value) for name, value in layer.fields}
        group = inet_aton(given.get("group", "0.0.0.0"))
        head = bytes((given.get("type", 0x11), given.get("max_response", 0), 0, 0))
        return finished(head + group + given.get("more", b""), 2, given.get("checksum"), b"")

    def _fragments(self, stimulus: Fragments) -> Encoded:
        header, datagram = self._split(stimulus.datagram)
        ip_layers = [layer for layer in stimulus.datagram.layers if layer.kind == "ip"]
        if not ip_layers:
            raise TemplateError("only an IP datagram can be cut")
        length = (datagram[0] & 15) * 4
        payload = datagram[length:]
        changes = dict(stimulus.headers)
        frames = []
        for index in stimulus.order:
            start, end = stimulus.cuts[index]
            piece = payload[start:end]
            more = int(end is not None and end < len(payload))
            base = dict(ip_layers[0].fields)
            base.update({"offset": start, "mf": more, "protocol": datagram[9]})
            if index in changes:
                base.update(dict(changes[index].fields))
            layer = Layer("ip", tuple(base.items()))
            src, dst = self._ends(layer)
            frames.append(header + self._header(layer, base["protocol"], src, dst, piece) + piece)
        return Encoded(tuple(frames), datagram)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Address | Port | Mac):
            return self.lease.resolve(value)
        if isinstance(value, Seen):
            self.looked_up = True
            return self._lookup(value.label, value.field)
        return value
