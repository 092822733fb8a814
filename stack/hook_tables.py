"""Tables of rules: mangle, nat, filter and raw, their chains, and the walk through them (S10.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from stack.hook_match import HeaderFilter, Match, Matcher
from stack.hook_packet import Place
from stack.refusal import Reason

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Shown

RAW: Final = "raw"
MANGLE: Final = "mangle"
NAT: Final = "nat"
FILTER: Final = "filter"

ORDER: Final = {
    Place.PREROUTING: (RAW, MANGLE, NAT),
    Place.INPUT: (NAT, FILTER),
    Place.FORWARD: (FILTER,),
    Place.OUTPUT: (RAW, MANGLE, NAT, FILTER),
    Place.POSTROUTING: (MANGLE, NAT),
}
"""S10.3, S10.12: the tables that are asked at each place, in order."""
NESTING_LIMIT: Final = 16
"""How deep chains may jump into chains."""


class Verdict(Enum):
    """Targets that decide at once."""

    ACCEPT = "on to the next table"
    DROP = "the end of it"
    RETURN = "back to the chain that jumped here, or the default of the chain"
    ERROR = "a rule that must not be reached: the end of it"


class Jump(NamedTuple):
    """Target: go through another chain of the table, and on from here if it returns."""

    chain: str


class Action(Protocol):
    """Target that does something to the datagram."""

    @property
    def later(self) -> bool:
        """Whether it exists only with `Policy.five_hooks` (S10.12, S10.13)."""

    def apply(self, core: Core, shown: Shown) -> bool:
        """Do it; True accepts the datagram, False drops it."""


Target = Verdict | Jump | Action


@dataclass(frozen=True, slots=True)
class Rule:
    """If filter and matchers all fit, the target decides."""

    target: Target
    header: HeaderFilter = field(default_factory=HeaderFilter)
    matchers: tuple[Matcher, ...] = ()


class Chain(NamedTuple):
    """The rules of one place. Without a default what no rule decides is dropped (S10.5)."""

    rules: tuple[Rule, ...]
    default: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The chains of the places, and others by name that rules may jump to."""

    chains: Mapping[Place, Chain]
    others: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)

    def accepts(self, core: Core, shown: Shown) -> bool:
        """Answer whether a datagram may go on to the next table."""
        chain = self.chains.get(shown.place)
        if chain is None:
            return True
        verdict = self._walk(core, shown, chain.rules)
        if verdict is None:
            # S10.5: falling off the end of a table is a drop.
            verdict = chain.default
        return verdict is Verdict.ACCEPT

    def _walk(self, core: Core, shown: Shown, rules: tuple[Rule, ...]) -> Verdict | None:
        """Go through a chain; None when nothing was decided."""
        for rule in rules:
            if not rule.header.fits(shown):
                continue
            match = _matches(rule, shown)
            if match is Match.DROP:
                return Verdict.DROP
            if match is Match.NO:
                continue
            target = rule.target
            if isinstance(target, Jump):
                verdict = self._walk(core, shown, self.others[target.chain])
            elif isinstance(target, Verdict):
                if target is Verdict.RETURN:
                    return None
                verdict = target
            else:
                verdict = Verdict.ACCEPT if target.apply(core, shown) else Verdict.DROP
            if verdict is not None:
                return verdict
        return None

    def refusal(self, name: str, *, later: bool) -> Reason | None:
        """Answer why this cannot be the table of that name; `later` allows what S10.12 brings."""
        if any(name not in ORDER[place] for place in self.chains):
            return Reason.INVALID_ARGUMENT
        every = [chain.rules for chain in self.chains.values()]
        every += self.others.values()
        targets = [rule.target for rules in every for rule in rules]
        if not later and (name == RAW or any(_is_later(target) for target in targets)):
            return Reason.NOT_SUPPORTED
        return Reason.INVALID_ARGUMENT if self._jumps_astray() else None

    def _jumps_astray(self) -> bool:
        """A jump to nowhere, in a ring, or through too many chains."""
        reached = _jumps(chain.rules for chain in self.chains.values())
        for _ in range(NESTING_LIMIT):
            if not reached <= self.others.keys():
                return True
            reached = _jumps(self.others[each] for each in reached)
        return bool(reached)


def _jumps(chains: Iterable[tuple[Rule, ...]]) -> set[str]:
    """The chains that these jump to."""
    targets = (rule.target for rules in chains for rule in rules)
    return {target.chain for target in targets if isinstance(target, Jump)}


def _matches(rule: Rule, shown: Shown) -> Match:
    for matcher in rule.matchers:
        match = matcher(shown)
        if match is not Match.YES:
            return match
    return Match.YES


def _is_later(target: Target) -> bool:
    return not isinstance(target, (Verdict, Jump)) and target.later
