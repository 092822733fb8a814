"""A trace as a pcapng file: what Wireshark opens.

scapy's writer makes the blocks. Left to itself it adds a nameless interface that no frame is on
and wants a file by name, so the interfaces are announced here, one for each link and direction,
and the blocks go to memory. Times are handed over as exact decimals: a float of seconds since
1970 would be off by a microsecond. scapy is loaded when the first capture is written.
"""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache
from io import BytesIO
from typing import Any

from harness.report.model import Purpose
from harness.report.trace_text import link_name
from harness.trace import Entry, Event, Trace

LINKTYPE_ETHERNET = 1
LINKTYPE_RAW = 101
"""Packets that begin with the IP header; the file's number, not libpcap's own DLT_RAW (12)."""
INBOUND = 1
OUTBOUND = 2
"""Direction flags of a packet block, as seen from the tester."""
DIRECTIONS = ((Event.TO_TARGET, "to target", OUTBOUND), (Event.FROM_TARGET, "from target", INBOUND))


def capture(purpose: Purpose, trace: Trace) -> bytes:
    """All frames of a trace, with the case's id, the step and what is known of each as comment."""
    writer = _writer_class()(LINKTYPE_RAW if trace.bare_ip else LINKTYPE_ETHERNET)
    writer.write_header(None)
    names = interface_names(trace)
    for name in names.values():
        writer.announce(name.encode())
    directions = {event: flag for event, _, flag in DIRECTIONS}
    epoch = Decimal(repr(trace.epoch))
    for entry in trace.entries:
        if entry.frame is None or entry.event not in directions:
            continue
        writer.add(
            entry.frame,
            at=epoch + Decimal(entry.at).scaleb(-6),
            interface=names[entry.link or 0, entry.event].encode(),
            direction=directions[entry.event],
            comment=comment(purpose, entry).encode(),
        )
    octets: bytes = writer.f.getvalue()
    return octets


def interface_names(trace: Trace) -> dict[tuple[int, Event], str]:
    """An interface for each link and direction: `near (to target)`, `near (from target)`."""
    used = {entry.link or 0 for entry in trace.entries if entry.frame is not None}
    links = sorted(used | set(range(len(trace.link_names))))
    return {
        (link, event): f"{link_name(trace, link)} ({words})"
        for link in links
        for event, words, _ in DIRECTIONS
    }


def comment(purpose: Purpose, entry: Entry) -> str:
    """What Wireshark shows above a packet: case, step, clause, what the tester says."""
    step = "the tester's own" if entry.step is None else f"step {entry.step}"
    lines = [f"{purpose.id}, {step}", f"about {', '.join(purpose.requirements)}"]
    if entry.text:
        lines.append(entry.text)
    return "\n".join(lines)


@cache
def _writer_class() -> Any:
    from scapy.utils import RawPcapNgWriter  # costs more than all the rest: only when needed

    class MemoryWriter(RawPcapNgWriter):  # type: ignore[misc]  # scapy is untyped here
        """scapy's pcapng blocks in memory, with our own interfaces only."""

        f: Any
        interfaces2id: dict[bytes, int]

        def __init__(self, linktype: int) -> None:
            super().__init__(os.devnull)
            self.f.close()
            self.f = BytesIO()
            self.linktype = linktype
            self.interfaces2id = {}

        def _write_header(self, pkt: object) -> None:  # noqa: ARG002 - scapy's signature
            self.header_present = True
            self._write_block_shb()

        def announce(self, name: bytes) -> None:
            """Describe an interface; frames refer to it by name."""
            self.interfaces2id[name] = len(self.interfaces2id)
            self._write_block_idb(self.linktype, name)

        def add(
            self, frame: bytes, *, at: Decimal, interface: bytes, direction: int, comment: bytes
        ) -> None:
            """Write one frame, captured on an announced interface."""
            self._write_packet(
                frame,
                self.linktype,
                sec=at,
                usec=0,
                ifname=interface,
                direction=direction,
                comments=[comment],
            )

    return MemoryWriter
