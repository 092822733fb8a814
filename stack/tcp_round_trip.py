"""How long to wait for an acknowledgment (RFC 6298)."""

from __future__ import annotations

from typing import Final

FIRST_TIMEOUT: Final = 1_000_000
"""Microseconds. RFC 6298 §2.1: before the first measurement."""
SHORTEST_TIMEOUT: Final = 1_000_000
"""Microseconds. RFC 6298 §2.4 SHOULD: whatever was measured."""
LONGEST_TIMEOUT: Final = 60_000_000
"""Microseconds. RFC 6298 §2.5: at least 60 seconds."""
AFTER_LOST_SYN: Final = 3_000_000
"""Microseconds. RFC 6298 §5.7: for data, when the SYN had to be repeated."""


class RoundTrip:
    """The estimate of one connection, in microseconds."""

    __slots__ = ("_smoothed", "_variation", "timeout")

    def __init__(self) -> None:
        self._smoothed: int | None = None
        self._variation = 0
        self.timeout = FIRST_TIMEOUT
        """RTO, backed off as often as it expired."""

    def sample(self, taken: int) -> None:
        """Take in a measurement; never one of a segment sent twice (RFC 6298 §3)."""
        if self._smoothed is None:
            self._smoothed = taken
            self._variation = taken // 2
        else:
            self._variation = (3 * self._variation + abs(self._smoothed - taken)) // 4
            self._smoothed = (7 * self._smoothed + taken) // 8
        # RFC 6298 §5: a new measurement also ends backing off.
        wanted = self._smoothed + 4 * self._variation
        self.timeout = min(max(wanted, SHORTEST_TIMEOUT), LONGEST_TIMEOUT)

    def back_off(self) -> None:
        """RFC 6298 §5.5: wait twice as long."""
        self.timeout = min(2 * self.timeout, LONGEST_TIMEOUT)

    def syn_was_lost(self) -> None:
        """RFC 6298 §5.7: data begin with three seconds when the SYN had to be repeated."""
        self.timeout = AFTER_LOST_SYN
