"""docs/linux-comparison.md, written from the classes. `python -m tests.compare.page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Final

from tests.compare.classes import CLASSES, Class, Right
from tests.compare.normalise import FREE

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "linux-comparison.md"
_WIDTH: Final = 100

_HEAD: Final = """\
# The bundled stack and Linux, packet by packet

A second opinion on `stack/`: it and the running Linux kernel are given the same datagrams, and
what they emit is compared field by field. Each difference is of one of the classes below, judged
from its clause; one that is of none is new, and closes the gate.

```
make compare                                              # needs root, as `make live` does
python -m tests.compare --datagrams 12000 --seed 2        # other mutations
```

This page is written from `tests/compare/classes/` by `python -m tests.compare.page`, and a test
holds it to that.

## What is compared

The stack under its default policy and a kernel in a network namespace have the same addresses,
link addresses, MTUs, routes, neighbours, sockets and groups, in each of three topologies: host,
multihomed host, router (which follows source routes, and whose far link carries 620 octets).
ICMP rate limits are off, and the kernel is set as for `--target=linux` (`targets/linux.toml`).

Each datagram that the cases of the library send goes to both, then mutations of them: fields,
options, lengths, addresses, fragments and quotes spoiled, checksums mostly right. What is sent
before an answer is waited for, a *unit*, is one frame, or the fragments of one datagram. The
stack is a fresh one for each unit; the kernel is told to forget redirects and path MTUs. An echo
request behind each unit shows when the kernel has finished. Only what is emitted at once is
compared, nothing that a timer brings. A difference that fits no class is looked at again in a
namespace in which nothing else has happened.

A class says what was sent and what each side makes of it. It excuses the kernel only: a frame of
the stack's that differs has to be sound by itself, too (`tests/compare/sound.py`). Its addresses,
way, TTL, TOS, flags, checksums, options, data and quote are those that the datagram leads to, an
error may be sent at all, and it points at a fault; otherwise the difference is new.

## What is made level

"""


def page() -> str:
    """The text of the page."""
    return "\n".join([_HEAD.rstrip("\n"), "", *_levelled(), "", *_table(), "", *_classes()])


def _levelled() -> Iterator[str]:
    for name, why in FREE.items():
        yield fill(f"- {name}: {why}.", _WIDTH, subsequent_indent="  ", break_long_words=False)


def _table() -> Iterator[str]:
    yield "## The classes"
    yield ""
    yield "| right | classes |"
    yield "|---|---|"
    for right in Right:
        yield f"| {right.value} | {len(_of(right))} |"
    yield ""
    yield fill(
        "The kernel is right where the stack is wrong: such a class is a fault that is known and "
        "not mended yet.",
        _WIDTH,
    )


def _classes() -> Iterator[str]:
    for right in (Right.KERNEL, Right.STACK, Right.BOTH):
        classes = _of(right)
        if classes:
            yield f"## Right: {right.value}"
            yield ""
        for one in classes:
            yield f"### {one.id}"
            yield ""
            yield fill(one.what, _WIDTH, break_long_words=False, break_on_hyphens=False)
            yield ""
            text = f"{one.clause}: {one.why}"
            yield fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
            yield ""


def _of(right: Right) -> list[Class]:
    return [one for one in CLASSES if one.right is right]


if __name__ == "__main__":
    PAGE.write_text(page())
