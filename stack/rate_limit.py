"""A token bucket on the injected clock, for ICMP errors (RFC 1812 §4.3.2.8, S5.28)."""

from __future__ import annotations

_UNIT = 1_000_000


class TokenBucket:
    """Lets through `burst` events at once and `rate` a second from then on; full at start."""

    __slots__ = ("_credit", "_last", "burst", "rate")

    def __init__(self, rate: int, burst: int) -> None:
        self.rate = rate
        """Tokens a second."""
        self.burst = burst
        """The most tokens that are kept."""
        self._credit = burst * _UNIT
        self._last = 0

    def take(self, now: int) -> bool:
        """Spend a token if there is one; `now` in microseconds."""
        grown = self._credit + max(0, now - self._last) * self.rate
        self._credit = min(grown, self.burst * _UNIT)
        self._last = now
        if self._credit < _UNIT:
            return False
        self._credit -= _UNIT
        return True
