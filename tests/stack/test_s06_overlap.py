"""S14.2: who keeps the octets that two fragments bring, under every known rule.

The shapes are those of Shankar and Paxson and of Novak: a later fragment equal to an earlier one,
inside it, sticking out on the left or right, covering it, and one that meets several.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.choices import OverlapRule
from stack.overlap import Fragment, outcomes, place
from stack.policy import NETSTACK, NETSTACK_LATER, RFC
from stack.reassembly import Complete, ReassemblyStore, Refused
from stack.train import Refusal, Train
from stack.wire.ipv4 import FLAG_MF, Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4

PROPERTY = settings(deadline=None, derandomize=True, max_examples=300)
R = OverlapRule
SIDES = (R.FIRST, R.LAST, R.BSD, R.BSD_RIGHT, R.LINUX_OLD, R.WINDOWS, R.SOLARIS)
REFUSING = (R.EQUAL_TOLERATED, R.CONTAINED_IGNORED, R.SAME_RANGE_IGNORED, R.ALL_REFUSED)


def cut(picture: str) -> Fragment:
    """A fragment from a picture: one letter or point for eight octets, MF unless in capitals."""
    body = picture.strip(".")
    octets = b"".join(letter.lower().encode() * 8 for letter in body)
    return Fragment(picture.index(body) * 8, octets, body.islower())


def seen(octets: bytes | None) -> str | None:
    """The picture of a payload, one letter for eight octets."""
    return None if octets is None else octets[::8].decode()


# Each shape: what arrives, and what FIRST, LAST, BSD, BSD_RIGHT, LINUX_OLD, WINDOWS, SOLARIS make
# of it.
SHAPES = {
    "equal": (["..aa", "..bb", "x", ".x", "....X"], "xxaax xxbbx xxaax xxbbx xxbbx xxaax xxaax"),
    "inside": ([".aaa", "..b", "x", "....X"], "xaaax xabax xaaax xabax xaaax xaaax xaaax"),
    "left part": (["..aa", "..b", "xx", "....X"], "xxaax xxbax xxaax xxbax xxbax xxaax xxaax"),
    "right part": (["..aa", "...b", "xx", "....X"], "xxaax xxabx xxaax xxabx xxaax xxaax xxaax"),
    "over the left edge": (
        ["..aa", ".bb", "x", "....X"], "xbaax xbbax xbbax xbaax xbbax xbaax xbaax",
    ),
    "over the right edge": (
        [".aa", "..bb", "x", "....X"], "xaabx xabbx xaabx xabbx xaabx xaabx xaabx",
    ),
    "longer to the right": (
        [".aa", ".bbb", "x", "....X"], "xaabx xbbbx xaabx xbbbx xbbbx xaabx xaabx",
    ),
    "longer to the left": (
        ["..aa", ".bbb", "x", "....X"], "xbaax xbbbx xbbbx xbaax xbbbx xbaax xbbbx",
    ),
    "covering": (
        ["..aa", ".bbbb", "x", ".....X"], "xbaabx xbbbbx xbbbbx xbaabx xbbbbx xbbbbx xbbbbx",
    ),
    "several": (
        [".aa", "...cc", "..bb", "x", ".....X"],
        "xaaccx xabbcx xaabcx xabccx xaabcx xaaccx xaaccx",
    ),
    "over several and a hole": (
        [".a", "...c", ".bbb", "x", "....X"], "xabcx xbbbx xabbx xbbcx xbbbx xabcx xabbx",
    ),
}  # fmt: skip


def model(fragments: list[Fragment], rule: OverlapRule) -> str | None:
    """The same by octets and nothing else: every octet has an owner, and owners are compared."""
    owner: dict[int, int] = {}
    value: dict[int, int] = {}
    total = None
    for number, (start, octets, more) in enumerate(fragments):
        end = start + len(octets)
        total = total if more else end
        won = []
        for octet in range(start, end):
            if octet not in owner:
                won.append(octet)
                continue
            low = high = octet
            while owner.get(low - 1) == owner[octet]:
                low -= 1
            while owner.get(high + 1) == owner[octet]:
                high += 1
            if {
                R.FIRST: False,
                R.LAST: True,
                R.BSD: not low <= start,
                R.BSD_RIGHT: low <= start,
                R.LINUX_OLD: not low < start,
                R.WINDOWS: start < low and end > high + 1,
                R.SOLARIS: start < low and end >= high + 1,
            }[rule]:
                won.append(octet)
        for octet in won:
            owner[octet], value[octet] = number, octets[octet - start]
        if total is not None and len(value) == total:
            return bytes(value[octet] for octet in range(total))[::8].decode()
    return None


@pytest.mark.parametrize("shape", SHAPES)
def test_s14_2_each_rule_keeps_the_octets_it_is_known_for(shape: str) -> None:
    pictures, wanted = SHAPES[shape]
    fragments = [cut(picture) for picture in pictures]
    made = outcomes(fragments)
    assert [seen(made[rule]) for rule in SIDES] == wanted.split()
    assert [model(fragments, rule) for rule in SIDES] == wanted.split()
    assert list(made) == list(OverlapRule)


def test_s14_2_a_fragment_that_lost_its_head_begins_where_its_rest_begins() -> None:
    fragments = [cut(each) for each in ("...aa", "..bb", "...cc", "xx", ".....X")]
    # BSD: b took the head of a, whose rest begins behind c now, so c takes that too.
    assert seen(outcomes(fragments)[R.BSD]) == "xxbbcx"
    assert seen(outcomes(fragments)[R.BSD]) == model(fragments, R.BSD)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Fragment]:
    """Fragments of twelve blocks in any order and overlap, no two with the same octets."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, 11))
        length = draw(st.integers(1, 12 - start))
        letter = bytes((ord("a") + number,))
        made.append(Fragment(start * 8, letter * 8 * length, start + length < 12))
    filling = [Fragment(block * 8, b"x" * 8, block < 11) for block in range(12)]
    return made + filling


@PROPERTY
@given(arrivals(), st.sampled_from(SIDES))
def test_s14_2_every_octet_is_as_the_model_says(
    fragments: list[Fragment], rule: OverlapRule
) -> None:
    assert seen(outcomes(fragments)[rule]) == model(fragments, rule)
    train = Train(0, None)
    for fragment in fragments:
        assert place(train, fragment, 100, rule) is None
        assert train.filled == sum(map(len, train.octets))
        assert train.memory == train.filled + 100 * len(train.starts)
        assert train.starts == sorted(train.starts)
        ends = [
            start + len(octets) for start, octets in zip(train.starts, train.octets, strict=True)
        ]
        assert all(end <= start for end, start in zip(ends, train.starts[1:], strict=False))


# What is refused: by EQUAL_TOLERATED, CONTAINED_IGNORED, SAME_RANGE_IGNORED, ALL_REFUSED.
@pytest.mark.parametrize(
    ("earlier", "later", "taken"),
    [
        ("..aa", "..aa", "yyyn"),
        ("..aa", "..bb", "nyyn"),
        (".aaa", "..a", "yynn"),
        (".aaa", "..b", "nynn"),
        (".aaa", ".a", "yynn"),
        (".aaa", "...a", "yynn"),
        ("..aa", ".aa", "ynnn"),
        ("..aa", ".bb", "nnnn"),
        (".aa", "..aa", "ynnn"),
        (".aa", "..bb", "nnnn"),
        ("..a", ".aaa", "ynnn"),
        ("..a", ".bbb", "nnnn"),
        ("..a", "...b", "yyyy"),
        ("..a", ".b", "yyyy"),
    ],
)
def test_s14_2_rules_that_refuse(earlier: str, later: str, taken: str) -> None:
    for rule, is_taken in zip(REFUSING, taken, strict=True):
        train = Train(0, None)
        assert place(train, cut(earlier), 0, rule) is None
        result = place(train, cut(later), 0, rule)
        assert result is (None if is_taken == "y" else Refusal.OVERLAP), rule


@pytest.mark.parametrize("rule", OverlapRule)
def test_s14_2_no_rule_takes_two_ends(rule: OverlapRule) -> None:
    for first, second in (("..AA", "....B"), ("....aa", "..BB"), ("..AA", "....b")):
        train = Train(0, None)
        assert place(train, cut(first), 0, rule) is None
        assert place(train, cut(second), 0, rule) is Refusal.CONFLICT


def test_s14_2_after_a_refusal_the_outcome_is_that_of_a_new_train() -> None:
    made = outcomes([cut("aa"), cut(".bb"), cut("c"), cut(".D")])
    assert seen(made[R.CONTAINED_IGNORED]) == "cd"
    assert made[R.FIRST] is None


def packet(fragment: Fragment) -> Ipv4Packet:
    header = Ipv4Header(1, 2, 17, flags=FLAG_MF if fragment.more else 0)
    header.fragment_offset = fragment.start // 8
    made = parse_ipv4(build_ipv4(header, fragment.octets))
    assert isinstance(made, Ipv4Packet)
    return made


@pytest.mark.parametrize("rule", SIDES)
def test_s14_2_the_store_follows_the_policy_and_its_memory_the_octets(rule: OverlapRule) -> None:
    store = ReassemblyStore(replace(RFC, overlap=rule))
    for picture in (".aaa", "..b", ".cccc", "x"):
        assert store.add(packet(cut(picture)), 0, None) is None
        assert store.memory == sum(train.memory for train in store._trains.values())
    whole = store.add(packet(cut(".....X")), 0, None)
    assert isinstance(whole, Complete)
    assert store.memory == 0


def test_s14_2_the_presets() -> None:
    assert [policy.overlap for policy in (RFC, NETSTACK, NETSTACK_LATER)] == list(REFUSING[:3])
    store = ReassemblyStore(RFC)
    store.add(packet(cut("..aa")), 0, None)
    assert store.add(packet(cut("...bb")), 0, None) == Refused(Refusal.OVERLAP, train_lost=True)
