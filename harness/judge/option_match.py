"""A header's options against option templates. Padding (NOP, EOL) is never counted."""

from __future__ import annotations

from socket import inet_ntoa
from typing import Any

from harness.case.match import DiffersFrom, Including, Not, OneOf, Without
from harness.case.options import EOL, NOP, TIMESTAMP, Option
from harness.decode import DecodedOption
from harness.judge.match import matches
from harness.judge.view import View

_PADDING = frozenset({NOP, EOL})


def options_match(wanted: Any, actual: list[DecodedOption], view: View) -> bool:
    """Whether the options found are the wanted list, include it, or lack some types."""
    found = [option for option in actual if option.type not in _PADDING]
    if isinstance(wanted, Without):
        return not any(option.type in wanted.types for option in found)
    if isinstance(wanted, Including):
        rest = iter(found)
        return all(any(option_matches(w, o, view) for o in rest) for w in wanted.options)
    if isinstance(wanted, OneOf):
        return any(options_match(value, actual, view) for value in wanted.values)
    if isinstance(wanted, bytes):
        return b"".join(option.octets for option in actual) == wanted
    significant = [option for option in wanted if option.type not in _PADDING]
    return len(significant) == len(found) and all(
        option_matches(w, o, view) for w, o in zip(significant, found, strict=True)
    )


def option_matches(wanted: Option, actual: DecodedOption, view: View) -> bool:
    """Whether one option is as its template says; what the template leaves open is free."""
    octets = actual.octets
    if wanted.type != actual.type or len(octets) < 2:
        return False
    if wanted.length is not None and not matches(wanted.length, actual.length, view):
        return False
    start = 2
    if wanted.pointer is not None:
        if len(octets) < 3 or not matches(wanted.pointer, octets[2], view):
            return False
        start = 3
    if wanted.second is not None or (wanted.type == TIMESTAMP and start == 3):
        if len(octets) < 4:
            return False
        if wanted.second is not None and not matches(wanted.second, octets[3], view):
            return False
        start = 4
    if wanted.slots is None:
        return True
    return _slots_match(wanted.slots, octets[start:], view)


def _slots_match(wanted: tuple[Any, ...], octets: bytes, view: View) -> bool:
    place = 0
    for slot in wanted:
        if isinstance(slot, bytes):
            if octets[place : place + len(slot)] != slot:
                return False
            place += len(slot)
            continue
        word = octets[place : place + 4]
        if len(word) < 4:
            return False
        if not _slot_matches(slot, word, view):
            return False
        place += 4
    return place == len(octets)


def _slot_matches(slot: Any, word: bytes, view: View) -> bool:
    """A number is wanted as a number, an address as an address, a matcher as either."""
    number = int.from_bytes(word, "big")
    if isinstance(slot, int):
        return slot == number
    fits = (_fits(slot, inet_ntoa(word), view), _fits(slot, number, view))
    # What is not to be something must not be it in either form.
    return all(fits) if isinstance(slot, Not | DiffersFrom) else any(fits)


def _fits(slot: Any, value: int | str, view: View) -> bool:
    """Whether a slot's matcher takes a value; one that compares numbers takes no address."""
    try:
        return matches(slot, value, view)
    except TypeError:
        return False
