"""Two answers to the same unit, lined up: what only one side says, and what they say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from tests.compare.normalise import Seen

ABSENT = None
"""A field that the frame of a side does not have."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        what: "stack only", "kernel only", or the name of the field that differs.
        stack: the stack's frame.
        kernel: the kernel's frame.
    """

    what: str
    stack: Seen | None
    kernel: Seen | None

    @property
    def values(self) -> tuple[Any, Any]:
        """The field in the stack's frame and in the kernel's."""
        stack = ABSENT if self.stack is None else self.stack.fields.get(self.what)
        kernel = ABSENT if self.kernel is None else self.kernel.fields.get(self.what)
        return stack, kernel

    def __str__(self) -> str:
        seen = self.stack or self.kernel
        assert seen is not None
        if self.stack is None or self.kernel is None:
            return f"{self.what}: {seen.kind} on link {seen.link}"
        return f"{seen.kind}: {self.what} is {self.values[0]!r} against {self.values[1]!r}"


def differences(stack: Sequence[Seen], kernel: Sequence[Seen]) -> list[Difference]:
    """What differs, link by link; frames are paired by their keys, in order."""
    found: list[Difference] = []
    for link in sorted({seen.link for seen in (*stack, *kernel)}):
        ours = [seen for seen in stack if seen.link == link]
        theirs = [seen for seen in kernel if seen.link == link]
        kinds = [seen.key for seen in ours], [seen.key for seen in theirs]
        for operation, a, b, c, d in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
            if operation == "equal":
                for one, other in zip(ours[a:b], theirs[c:d], strict=True):
                    found += _fields(one, other)
                continue
            found += [Difference("stack only", seen, None) for seen in ours[a:b]]
            found += [Difference("kernel only", None, seen) for seen in theirs[c:d]]
    return found


def _fields(stack: Seen, kernel: Seen) -> list[Difference]:
    names = [*stack.fields, *(name for name in kernel.fields if name not in stack.fields)]
    return [
        Difference(name, stack, kernel)
        for name in names
        if stack.fields.get(name) != kernel.fields.get(name)
    ]
