"""What a matcher may look at besides the frame: addresses, earlier frames, the time of day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.addresses import Lease
from harness.decode import Frame

MILLISECONDS_OF_A_DAY = 86_400_000


class NoSuchFrame(LookupError):
    """A template names a label under which no frame was seen: a mistake in a case."""


@dataclass(slots=True)
class View:
    """The memory of one case.

    `seen` holds, by label, the first frame that a step sent or matched. `sent` holds the IP
    packets of the sending steps, the last one under the label None.
    """

    lease: Lease
    time_of_day_ms: Callable[[], int]
    seen: dict[str, Frame] = field(default_factory=dict)
    sent: dict[str | None, tuple[bytes, ...]] = field(default_factory=dict)

    def lookup(self, label: str, path: str) -> Any:
        """The value of `layer.field`, or `ip.datagram`, of the frame under a label.

        Raises:
            NoSuchFrame: nothing has that label, or its frame has no such field.
        """
        if label not in self.seen:
            raise NoSuchFrame(f"no frame labelled {label!r} was seen yet")
        layer, _, name = path.partition(".")
        frame = self.seen[label]
        value = frame.datagram if path == "ip.datagram" else frame.get(layer, name)
        if value is None:
            raise NoSuchFrame(f"the frame labelled {label!r} has no {path}")
        return value
