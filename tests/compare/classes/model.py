"""What a class of difference is, and the pieces that predicates are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from harness.decode import DecodedOption, read_options
from tests.compare.difference import Difference
from tests.compare.normalise import Seen
from tests.compare.stimulus import Sent


class Right(Enum):
    """Who does what the text says."""

    STACK = "the stack"
    KERNEL = "the kernel"
    BOTH = "both: the text leaves it open"


@dataclass(frozen=True, slots=True)
class Class:
    """One class of difference.

    Attributes:
        id: its name, for ever.
        right: who does what the clause says.
        clause: the text that decides, or that leaves it open.
        what: what each side does.
        why: what the clause says of it.
        matches: whether a difference is of the class.
    """

    id: str
    right: Right
    clause: str
    what: str
    why: str
    matches: Callable[[Difference, Sent], bool]


STACK_ONLY = "stack only"
KERNEL_ONLY = "kernel only"
ERRORS = ("icmp 3/", "icmp 5/", "icmp 11/", "icmp 12/")


def stack_only(difference: Difference, *kinds: str) -> Seen | None:
    """The frame that the stack alone sends, if it is of one of the kinds."""
    return _of(difference.stack, kinds) if difference.what == STACK_ONLY else None


def kernel_only(difference: Difference, *kinds: str) -> Seen | None:
    """The frame that the kernel alone sends, if it is of one of the kinds."""
    return _of(difference.kernel, kinds) if difference.what == KERNEL_ONLY else None


def _of(seen: Seen | None, kinds: tuple[str, ...]) -> Seen | None:
    if seen is None or (kinds and not seen.kind.startswith(kinds)):
        return None
    return seen


def in_error(difference: Difference, name: str) -> bool:
    """Whether a field of an ICMP error differs that both send."""
    return (
        difference.what == name
        and difference.stack is not None
        and difference.stack.kind.startswith(ERRORS)
    )


def pointer(seen: Seen | None) -> int:
    """What octet a Parameter Problem points at; -1 for anything else."""
    if seen is None or not seen.kind.startswith("icmp 12/"):
        return -1
    return int(seen.fields["icmp.rest"][0])


def options_of(seen: Seen | None) -> list[DecodedOption]:
    """The options of a frame, as they are compared."""
    return [] if seen is None else read_options(seen.fields.get("options", b""))


def destination(seen: Seen) -> str:
    """Where a frame goes."""
    return str(seen.fields.get("dst", ""))
