"""Which cases a fault can touch: those that call what it has patched.

Runs are deterministic. A case that never calls a function of the stack on the sound stack does not
call it either when that function is another, so its outcome is the sound one. What a patch has
changed is found by comparing the stack's modules and classes with what they were; where anything
but a function was changed, every case counts as touched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import stack

_ROOT = str(Path(stack.__file__).parent)
_Place = tuple[str, str]


class Calls:
    """Records which functions of the stack are called between enter and exit."""

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()

    def __enter__(self) -> Calls:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(_ROOT):
            self.codes.add(frame.f_code)


def as_it_is() -> dict[_Place, Any]:
    """Everything that a patch could replace in the stack; of containers a copy."""
    return {place: _kept(value) for place, value in _values()}


def changed_since(before: dict[_Place, Any]) -> frozenset[CodeType] | None:
    """The functions that are no longer in their places; None when more than functions changed."""
    codes: set[CodeType] = set()
    now = dict(_values())
    if now.keys() != before.keys():
        return None
    for place, value in now.items():
        was = before[place]
        if value is was or (isinstance(value, (dict, list, set)) and value == was):
            continue
        code = _code(was)
        if code is None:
            return None
        codes.add(code)
    return frozenset(codes) or None


def _values() -> Iterator[tuple[_Place, Any]]:
    for name, module in list(sys.modules.items()):
        if name != "stack" and not name.startswith("stack."):
            continue
        for key, value in list(vars(module).items()):
            yield (name, key), value
            if isinstance(value, type) and value.__module__ == name:
                for inner, attribute in list(vars(value).items()):
                    yield (f"{name}.{key}", inner), attribute


def _kept(value: Any) -> Any:
    return value.copy() if isinstance(value, (dict, list, set)) else value


def _code(value: Any) -> CodeType | None:
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    return value.__code__ if isinstance(value, FunctionType) else None
