"""Which gateways seem dead, by the advice of link and transport (RFC 1122 §3.3.1.4, §3.3.1.5).

The link's word is proof: a gateway that does not answer ARP is passed over until it is heard
again. The transport's word is a hint, for the far end may be what is dead: it takes several
complaints in a row, and after a while the gateway is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMPLAINTS: Final = 3
"""Negative advice from transport, with nothing positive between, that makes a gateway seem dead."""
RETURN_AFTER: Final = 200_000_000
"""Microseconds. RFC 1122 §3.3.1.5: better gateways are asked for slowly, as once in 200 s."""
GATEWAYS_LIMIT: Final = 256
"""Gateways that something is remembered of; the oldest is forgotten first."""


@dataclass(slots=True)
class _Advice:
    silent: int = 0
    """When the link failed, 0 when it did not; times are shifted by one so that time 0 counts."""
    dead: int = 0
    """When transport's complaints became too many."""
    complaints: int = 0
    asked: int = 0
    """When a silent gateway was last asked for."""


class Gateways:
    """What is known against gateways, by address. Empty as long as all is well."""

    def __init__(self) -> None:
        self._advice: dict[int, _Advice] = {}

    def __bool__(self) -> bool:
        return bool(self._advice)

    def _of(self, address: int) -> _Advice:
        advice = self._advice.setdefault(address, _Advice())
        if len(self._advice) > GATEWAYS_LIMIT:
            del self._advice[next(iter(self._advice))]
        return advice

    def silent(self, address: int, now: int) -> None:
        """It did not answer ARP."""
        advice = self._of(address)
        advice.silent = now + 1
        advice.asked = now

    def heard(self, address: int) -> None:
        """It spoke on the link, which says nothing of whether it forwards."""
        advice = self._advice.get(address)
        if advice is not None:
            advice.silent = 0
            if not advice.complaints:
                del self._advice[address]

    def good(self, address: int) -> None:
        """What was sent through it arrived, or it sent a redirect."""
        self._advice.pop(address, None)

    def complaint(self, address: int, now: int) -> bool:
        """What was sent through it does not seem to arrive; answer whether it seems dead now."""
        advice = self._of(address)
        advice.complaints += 1
        if advice.complaints < COMPLAINTS:
            return False
        advice.dead = now + 1
        return True

    def failed_since(self, address: int, now: int) -> int:
        """Answer since when a gateway seems dead, shifted by one; 0 for one that may be used."""
        advice = self._advice.get(address)
        if advice is None:
            return 0
        if advice.dead and now - advice.dead >= RETURN_AFTER:
            advice.dead = advice.complaints = 0
        return max(advice.silent, advice.dead)

    def ask_again(self, address: int, now: int) -> bool:
        """Answer whether a silent gateway should be asked for once more, and book it if so."""
        advice = self._advice[address]
        if not advice.silent or now - advice.asked < RETURN_AFTER:
            return False
        advice.asked = now
        return True
