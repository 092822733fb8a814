"""Spoiling frames: a seeded mutator that knows where the fields of IPv4 are."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_LINK: Final = 14
_TCP: Final = 6
_ODD: Final = (0, 1, 2, 3, 4, 5, 7, 8, 0x0F, 0x10, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)
_TYPES: Final = (0, 1, 7, 68, 130, 131, 133, 136, 137, 148, 30, 222)
_PROTOCOLS: Final = (0, 1, 1, 1, 2, 2, 6, 6, 17, 17, 17, 41, 253, 255)
_CHECKSUM_AT: Final = {1: 2, 2: 2, 6: 16, 17: 6}
_PSEUDO: Final = frozenset((6, 17))
_FAR_AND_ODD: Final = (
    "0.0.0.0", "0.0.0.9", "127.0.0.1", "224.0.0.1", "224.0.0.22", "239.1.2.3", "240.0.0.1",
    "255.255.255.255", "198.51.100.77", "203.0.113.5", "169.254.3.4", "198.18.0.9", "198.19.0.9",
)  # fmt: skip


def _sum(octets: bytes) -> int:
    number = int.from_bytes(octets, "big") << 8 * (len(octets) & 1)
    return -number % 0xFFFF if number else 0xFFFF


class Mutator:
    """Makes frames from a corpus; the same seed makes the same ones."""

    def __init__(self, frames: Sequence[bytes], addresses: Sequence[bytes], seed: int) -> None:
        """`addresses` are the target's own and its links' broadcasts, four octets each."""
        self._frames = frames
        self._random = Random(seed)
        odd = [bytes(map(int, text.split("."))) for text in _FAR_AND_ODD]
        self._addresses = [*addresses, *addresses, *odd]
        self._heard: deque[bytes] = deque(maxlen=32)
        self._changes: tuple[Callable[[bytearray], None], ...] = (
            self._bit, self._octet, self._octet, self._field, self._field, self._field,
            self._address, self._options, self._slice, self._length, self._fragment, self._quote,
            self._segment, self._answer,
        )  # fmt: skip

    def heard(self, frame: bytes) -> None:
        """Listen to a frame of the target's: segments that answer its own get further."""
        if frame[12:14] != b"\x08\x00" or frame[_LINK + 9] != _TCP:
            return
        if len(frame) >= _LINK + (frame[_LINK] & 15) * 4 + 20:
            self._heard.append(frame)

    def frame(self) -> bytes:
        """Make one frame."""
        draw = self._random.random()
        if draw < 0.03:
            return self._random.randbytes(self._random.randrange(120))
        frame = bytearray(self._random.choice(self._frames))
        if draw < 0.06:
            frame[_LINK:] = self._random.randbytes(self._random.randrange(200))
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            self._random.choice(self._changes)(frame)
        if frame[12:14] == b"\x08\x00":
            self._repair(frame)
        if self._random.random() < 0.02:
            frame[:6] = self._random.choice((b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x01", bytes(6)))
        return bytes(frame)

    def _at(self, frame: bytearray) -> int:
        return self._random.randrange(len(frame)) if frame else 0

    def _bit(self, frame: bytearray) -> None:
        if frame:
            frame[self._at(frame)] ^= 1 << self._random.randrange(8)

    def _octet(self, frame: bytearray) -> None:
        if len(frame) > _LINK:
            frame[self._random.randrange(_LINK, len(frame))] = self._random.choice(_ODD)

    def _field(self, frame: bytearray) -> None:
        """Another first octet, TOS, Total Length, Identification, TTL or protocol."""
        if len(frame) < _LINK + 20:
            return
        which = self._random.randrange(6)
        if which == 0:
            frame[_LINK] = 0x40 | self._random.randrange(16)
        elif which == 1:
            frame[_LINK + 1] = self._random.randrange(256)
        elif which == 2:
            frame[_LINK + 2 : _LINK + 4] = self._random.randbytes(2)
        elif which == 3:
            frame[_LINK + 4 : _LINK + 6] = bytes((0, self._random.randrange(4)))
        elif which == 4:
            frame[_LINK + 8] = self._random.choice((0, 1, 2, 64, 255))
        else:
            frame[_LINK + 9] = self._random.choice(_PROTOCOLS)

    def _address(self, frame: bytearray) -> None:
        if len(frame) >= _LINK + 20:
            at = _LINK + self._random.choice((12, 16))
            frame[at : at + 4] = self._random.choice(self._addresses)

    def _options(self, frame: bytearray) -> None:
        """Another option area, of likely options with likely pointers."""
        if len(frame) < _LINK + 20:
            return
        area = bytearray()
        for _ in range(self._random.randrange(4)):
            kind = self._random.choice(_TYPES)
            area.append(kind)
            if kind > 1:
                body = self._random.randrange(14)
                pointer = self._random.choice((0, 3, 4, 5, 8, 9, 12, 13, 255))
                length = 3 + body if self._random.random() < 0.9 else self._random.randrange(256)
                area += bytes((length, pointer))
                while body >= 4:
                    area += self._random.choice(self._addresses)
                    body -= 4
                area += self._random.randbytes(body)
        area = area[:40]
        area += bytes(-len(area) % 4)
        old = _LINK + max((frame[_LINK] & 15) * 4, 20)
        frame[_LINK + 20 : old] = area
        frame[_LINK] = 0x45 + len(area) // 4
        self._whole(frame)

    def _slice(self, frame: bytearray) -> None:
        """Octets of another frame in the place of some."""
        start = self._at(frame)
        other = self._random.choice(self._frames)
        begin = self._random.randrange(len(other))
        size = self._random.choice((1, 2, 4, 8, 20, 60))
        frame[start : start + size] = other[begin : begin + size]

    def _length(self, frame: bytearray) -> None:
        """Less or more of the frame than there was."""
        if self._random.random() < 0.6:
            del frame[self._at(frame) :]
        else:
            frame += self._random.randbytes(self._random.choice((1, 7, 8, 64, 600, 1400)))
        if self._random.random() < 0.7:
            self._whole(frame)

    def _fragment(self, frame: bytearray) -> None:
        if len(frame) >= _LINK + 20:
            offset = self._random.choice((0, 0, 1, 2, 3, 4, 8, 185, 8189, 8190, 8191))
            value = self._random.choice((0, 1, 1, 1, 2, 4)) << 13 | offset
            frame[_LINK + 6 : _LINK + 8] = value.to_bytes(2, "big")
            frame[_LINK + 4 : _LINK + 6] = bytes((7, self._random.randrange(8)))

    def _segment(self, frame: bytearray) -> None:
        """A TCP segment to one of the target's users, or to nobody."""
        if len(frame) < _LINK + 20:
            return
        ports = self._random.choice(((1007, 20000), (1008, 20000), (80, 20001), (80, 9)))
        first, second = (self._random.choice((0, 1, 100, 1 << 31)) for _ in range(2))
        flags = self._random.choice((2, 2, 16, 17, 20, 4, 18))
        self._put_segment(frame, (*ports, first, second), flags)

    def _answer(self, frame: bytearray) -> None:
        """The segment that one of the target's own waits for."""
        if len(frame) < _LINK + 20 or not self._heard:
            return
        asked = self._random.choice(self._heard)
        at = _LINK + (asked[_LINK] & 15) * 4
        source, port, sequence, acknowledged, offset, flags = struct.unpack_from(
            "!HHIIBB", asked, at
        )
        total = int.from_bytes(asked[_LINK + 2 : _LINK + 4], "big")
        held = total - (at - _LINK) - (offset >> 4) * 4 + bool(flags & 2) + bool(flags & 1)
        frame[_LINK + 12 : _LINK + 20] = (
            asked[_LINK + 16 : _LINK + 20] + asked[_LINK + 12 : _LINK + 16]
        )
        numbers = (port, source, acknowledged, sequence + held & 0xFFFFFFFF)
        answer = 18 if flags & 18 == 2 else self._random.choice((16, 16, 24, 17, 20, 16))
        self._put_segment(frame, numbers, answer)

    def _put_segment(
        self, frame: bytearray, numbers: tuple[int, int, int, int], flags: int
    ) -> None:
        """Ports and numbers as they stand in the header."""
        length = max((frame[_LINK] & 15) * 4, 20)
        data = self._random.randbytes(self._random.choice((0, 0, 1, 9, 600))) if flags & 8 else b""
        segment = struct.pack("!HHIIBBHHH", *numbers, 0x50, flags, 4096, 0, 0) + data
        frame[_LINK + 6 : _LINK + 8] = b"\0\0"
        frame[_LINK + 9] = _TCP
        frame[_LINK + length :] = segment
        self._whole(frame)

    def _quote(self, frame: bytearray) -> None:
        """An ICMP message that quotes another frame of the corpus."""
        other = self._random.choice(self._frames)[_LINK:]
        if len(frame) < _LINK + 20 or len(other) < 20:
            return
        kind = self._random.choice((3, 3, 3, 4, 5, 11, 12, 12, 40))
        quoted = bytearray(other[: self._random.choice((20, 27, 28, 60, 200))])
        if self._random.random() < 0.7:
            # As if the target had sent it.
            quoted[12:16], quoted[16:20] = quoted[16:20], quoted[12:16]
        code = self._random.randrange(17)
        rest = self._random.choice((bytes(4), b"\0\0\2\0", b"\0\0\0\1", self._random.randbytes(4)))
        frame[_LINK:] = (
            (b"\x45" + frame[_LINK + 1 : _LINK + 9] + b"\x01" + frame[_LINK + 10 : _LINK + 20])
            + bytes((kind, code, 0, 0))
            + rest
            + quoted
        )
        frame[_LINK + 6 : _LINK + 8] = b"\0\0"
        self._whole(frame)

    @staticmethod
    def _whole(frame: bytearray) -> None:
        if len(frame) >= _LINK + 4:
            frame[_LINK + 2 : _LINK + 4] = (len(frame) - _LINK & 0xFFFF).to_bytes(2, "big")

    def _repair(self, frame: bytearray) -> None:
        """Mostly put the checksums right, so that the frame is not refused at the first look."""
        packet = frame[_LINK:]
        length = (packet[0] & 15) * 4 if packet else 0
        if length < 20 or len(packet) < length:
            return
        if self._random.random() < 0.8:
            self._repair_transport(packet, length)
        if self._random.random() < 0.93:
            packet[10:12] = b"\0\0"
            packet[10:12] = _sum(bytes(packet[:length])).to_bytes(2, "big")
        frame[_LINK:] = packet

    @staticmethod
    def _repair_transport(packet: bytearray, length: int) -> None:
        total = int.from_bytes(packet[2:4], "big")
        protocol = packet[9]
        at = _CHECKSUM_AT.get(protocol)
        if at is None or not length + at + 2 <= total <= len(packet) or packet[6] & 0x3F:
            return
        body = packet[length:total]
        body[at : at + 2] = b"\0\0"
        front = b""
        if protocol in _PSEUDO:
            front = bytes(packet[12:20]) + bytes((0, protocol)) + len(body).to_bytes(2, "big")
        body[at : at + 2] = _sum(front + bytes(body)).to_bytes(2, "big")
        packet[length:total] = body
