"""A comparison for people: the table, and new differences in words and octets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.case.model import Topology
from harness.decode import DecodedOption, Frame, decode
from tests.compare.classes import CLASSES
from tests.compare.normalise import Seen
from tests.compare.run import New, Outcome

_LONGEST = 60
"""Letters of a value."""


def table(outcomes: Mapping[Topology, Outcome]) -> Iterator[str]:
    """The lines of the table: a column for each topology and their sum."""
    columns = list(outcomes.values())
    heads = [topology.value for topology in outcomes]
    yield _row("", [*heads, "all"])
    for name, values in (
        ("units", [one.units for one in columns]),
        ("datagrams", [one.datagrams for one in columns]),
        ("equal", [one.equal for one in columns]),
    ):
        yield _row(name, [*values, sum(values)])
    total: Counter[str] = Counter()
    for one in columns:
        total.update(one.classes)
    for right in dict.fromkeys(one.right for one in CLASSES):
        yield ""
        yield f"right: {right.value}"
        for known in CLASSES:
            if known.right is right:
                seen = [column.classes[known.id] for column in columns]
                yield _row(f"  {known.id}", [*seen, total[known.id]])
    yield ""
    values = [len(one.new) for one in columns]
    yield _row("new", [*values, sum(values)])


def _row(name: str, values: list[str] | list[int] | list[str | int]) -> str:
    return f"{name:42}" + "".join(f"{value or '.':>12}" for value in values)


def told(new: New) -> Iterator[str]:
    """A new difference: what was sent, what each side emitted."""
    yield f"{new.plan.topology.value}, unit {new.unit.number} ({new.unit.origin})"
    for link, octets in new.unit.frames:
        yield f"  sent    {new.plan.links[link].name}: {frame_in_words(decode(octets))}"
        yield f"          {octets.hex()}"
    for difference, name in new.differences:
        if name:
            yield f"  ({name}: {str(difference)[:_LONGEST]})"
            continue
        yield f"  differs {str(difference)[: 3 * _LONGEST]}"
        for side, seen in (("stack ", difference.stack), ("kernel", difference.kernel)):
            if seen is not None:
                yield from _seen(new, side, seen)


def _seen(new: New, side: str, seen: Seen) -> Iterator[str]:
    words = frame_in_words(decode(seen.octets))
    yield f"  {side}  {new.plan.links[seen.link].name}: {words}"
    yield f"          {seen.octets.hex()}"


def frame_in_words(frame: Frame) -> str:
    """A frame on one line."""
    words = []
    for kind, part in frame.parts.items():
        fields = (
            f"{name}={_value(value)}"
            for name, value in part.fields.items()
            if value not in (0, [], b"", True) and name not in ("data", "payload", "checksum")
        )
        words.append(f"{kind}({' '.join(fields)})")
    return " / ".join(words + frame.faults) or "no frame that can be read"


def _value(value: object) -> str:
    if isinstance(value, list):
        parts = (one.octets.hex() if isinstance(one, DecodedOption) else str(one) for one in value)
        return "+".join(parts)[:_LONGEST]
    return (value.hex() if isinstance(value, bytes) else str(value))[:_LONGEST]
