"""The reference stack as netstack: what its profile waives is what section 14 says, all of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import groupby

import pytest

from harness import baseline
from harness.baseline import Waiver
from harness.catalogue import load
from harness.plugin.options import PROJECT
from harness.report import words
from harness.run.lockstep import LockstepRunner
from harness.target.base import TargetError
from harness.target.bundled import BundledTarget
from harness.target.profile import Profile, load_profile
from harness.verdict import CaseResult, Verdict
from stack.policy import NETSTACK, RFC, Policy
from tests.faults.framework import library

CATALOGUE = load()
PROFILE = load_profile("bundled-netstack")
CASES = {case.id: case for case in library()}
BROKEN = (Verdict.FAIL, Verdict.DEVIATION)
NOT_SEEN = (Verdict.INCONCLUSIVE,)
REASON = re.compile(r"(S\d+\.\d+), (against|hides) ((?:RFC|IPv4|Berkeley) [^:]+): \S.*\.")
RULE = re.compile(r"^(?:- |\| )(S\d+\.\d+)", re.MULTILINE)
FIELDS_OF_NO_ROW = {
    "S14.23": ("senders_set_df",),
    "S6.14": ("reassembly_ecn",),
}
"""Fields of `Policy` whose docstrings name other rules, by the rule that they show."""


def rules() -> tuple[str, ...]:
    """The rules of the behaviour specification, in their order."""
    return tuple(RULE.findall((PROJECT / "docs/stack_behaviour.md").read_text(encoding="utf-8")))


def rule_of(waiver: Waiver) -> str:
    matched = REASON.fullmatch(waiver.reason)
    assert matched, waiver.reason
    return matched[1]


RULES_IN_BASELINE = tuple(dict.fromkeys(rule_of(waiver) for waiver in PROFILE.waivers))


@cache
def fields_by_rule() -> dict[str, tuple[str, ...]]:
    """The fields of `Policy` by the rules that their docstrings cite, if the presets differ."""
    tree = ast.parse((PROJECT / "stack/policy.py").read_text(encoding="utf-8"))
    (policy,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    found = {rule: list(names) for rule, names in FIELDS_OF_NO_ROW.items()}
    for named, said in zip(policy.body, policy.body[1:], strict=False):
        if not isinstance(named, ast.AnnAssign) or not isinstance(named.target, ast.Name):
            continue
        assert isinstance(said, ast.Expr)
        assert isinstance(said.value, ast.Constant)
        name = named.target.id
        if getattr(RFC, name) != getattr(NETSTACK, name):
            for rule in re.findall(r"S\d+\.\d+", str(said.value.value)):
                found.setdefault(rule, []).append(name)
    return {rule: tuple(names) for rule, names in found.items()}


def judged(profile: Profile, ids: Iterable[str], policy: Policy | None = None) -> list[CaseResult]:
    """Cases on the bundled target of a profile, before its baseline."""
    target = BundledTarget(profile)
    if policy is not None:
        target._policy = policy
    runner = LockstepRunner(target, CATALOGUE)
    results = [runner.result(CASES[case]) for case in ids]
    results.append(CaseResult(baseline.AMBIENT, runner.invariants()))
    return results


def pairs(results: Iterable[CaseResult], verdicts: tuple[Verdict, ...]) -> set[tuple[str, str]]:
    return {
        (result.case, finding.requirement)
        for result in results
        for finding in result.findings
        if finding.verdict in verdicts
    }


def outcome(result: CaseResult) -> tuple[bool, frozenset[object]]:
    """What a case says of a target, but for words."""
    said = ((each.requirement, each.verdict, each.way) for each in result.findings)
    return result.missing is not None, frozenset(said)


class TestBaseline:
    def test_it_is_what_the_library_finds_and_opens_the_gate(self) -> None:
        results = judged(PROFILE, CASES)
        listed = {
            kind: {(each.case, each.requirement) for each in PROFILE.waivers if each.unseen == kind}
            for kind in (False, True)
        }
        assert pairs(results, BROKEN) == listed[False]
        assert pairs(results, NOT_SEEN) == listed[True]
        after = [baseline.apply(result, PROFILE.waivers) for result in results]
        assert pairs(after, (*BROKEN, *NOT_SEEN, Verdict.STALE)) == set()

    def test_each_reason_names_a_rule_and_the_clause(self) -> None:
        known = set(rules())
        for waiver in PROFILE.waivers:
            matched = REASON.fullmatch(waiver.reason)
            assert matched, waiver.reason
            rule, word, clause = matched.groups()
            assert {rule, *re.findall(r"S\d+\.\d+", waiver.reason)} <= known, waiver.reason
            assert word == ("hides" if waiver.unseen else "against"), waiver.case
            assert clause == words.clause(CATALOGUE[waiver.requirement]), waiver.case

    def test_what_hides_something_is_waived_for_itself(self) -> None:
        shown = {rule_of(waiver) for waiver in PROFILE.waivers if not waiver.unseen}
        assert {rule_of(waiver) for waiver in PROFILE.waivers if waiver.unseen} <= shown

    def test_it_is_grouped_by_rule_in_order(self) -> None:
        for kind in (False, True):
            listed = [rule for rule, _ in groupby(map(rule_of, of_kind(kind)))]
            assert len(listed) == len(set(listed))
            place = {rule: number for number, rule in enumerate(rules())}
            of_table = [place[rule] for rule in listed if rule.startswith("S14.")]
            assert of_table == sorted(of_table)

    @pytest.mark.parametrize("rule", RULES_IN_BASELINE)
    def test_the_rule_is_the_cause(self, rule: str) -> None:
        """The row's fields as the RFCs want them mend it, or alone bring it about."""
        mine = [waiver for waiver in PROFILE.waivers if rule_of(waiver) == rule]
        listed = {(waiver.case, waiver.requirement) for waiver in mine}
        ids = tuple(dict.fromkeys(waiver.case for waiver in mine))
        fields = fields_by_rule()[rule]
        verdicts = (*BROKEN, *NOT_SEEN)
        mended = replace(NETSTACK, igmp_version=2, igmp_version_3_known=True)
        mended = replace(mended, **{name: getattr(RFC, name) for name in fields})
        left = listed & pairs(judged(PROFILE, ids, mended), verdicts)
        alone = replace(RFC, **{name: getattr(NETSTACK, name) for name in fields})
        brought = pairs(judged(PROFILE, {case for case, _ in left}, alone), verdicts)
        assert left <= brought


def of_kind(unseen: bool) -> list[Waiver]:
    return [waiver for waiver in PROFILE.waivers if waiver.unseen == unseen]


class TestPage:
    """docs/netstack.md accounts for what the baseline does not show."""

    TEXT = (PROJECT / "docs/netstack.md").read_text(encoding="utf-8")
    ROWS = frozenset(re.findall(r"^\| (S\d+\.\d+) \| .+ \|$", TEXT, re.MULTILINE))

    def test_every_row_shows_or_has_its_line(self) -> None:
        section = {rule for rule in rules() if rule.startswith("S14.")}
        told = {rule for rule in self.ROWS if rule.startswith("S14.")}
        shown = section & set(RULES_IN_BASELINE)
        assert section - shown == told

    def test_rules_of_other_sections_are_told_of(self) -> None:
        others = {rule for rule in RULES_IN_BASELINE if not rule.startswith("S14.")}
        assert others == {rule for rule in self.ROWS if not rule.startswith("S14.")}

    def test_the_cases_it_names_tell_the_presets_apart(self) -> None:
        named = re.findall(r"`(rfc\d+-[^`]+)`", self.TEXT)
        assert named
        netstack = judged(PROFILE, named)
        rfc = judged(load_profile("bundled"), named)
        for case, one, other in zip(named, netstack, rfc, strict=False):
            assert outcome(one) != outcome(other), case


class TestIgmp:
    def test_the_profile_switches_it_on_and_the_report_says_so(self) -> None:
        assert NETSTACK.igmp_version == 0
        assert BundledTarget(PROFILE).describe()["igmp"] == "2"
        assert BundledTarget(load_profile("bundled")).describe()["igmp"] == "3"

    @pytest.mark.parametrize("version", ["1", "3", "two"])
    def test_a_version_that_the_policy_does_not_know(self, version: str) -> None:
        odd = replace(PROFILE, options={**PROFILE.options, "igmp": version})
        with pytest.raises(TargetError, match=f"no IGMP of version {version} under this policy"):
            BundledTarget(odd)
