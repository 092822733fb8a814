"""Which hooks are called, what they see, the walk through tables and chains (S10.1 to S10.6)."""

from __future__ import annotations

import pytest

from stack.hook_match import HeaderFilter, Match
from stack.hook_packet import Place
from stack.hook_tables import NESTING_LIMIT, Chain, Jump, Rule, Table, Verdict
from stack.hooks import Seen
from stack.nat_targets import Dnat, Masquerade, Redirect, Snat
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Refused
from tests.stack.count_kit import netstack_moved
from tests.stack.hook_kit import INSIDE, QUIET_LATER, at, loopback, router
from tests.stack.node_kit import HOST, PEER, REMOTE, Wire, a, datagram, ping, udp
from tests.stack.preset_kit import rfc_and_netstack

ALL = pytest.mark.parametrize(
    "policy", [RFC, NETSTACK, QUIET_LATER], ids=["RFC", "NETSTACK", "NETSTACK_LATER"]
)


class Watch:
    """Notes what is shown at all places."""

    def __init__(self, wire: Wire) -> None:
        self.seen: list[Seen] = []
        for place in Place:
            wire.node.hooks.add(place, self)

    def __call__(self, seen: Seen) -> bool:
        self.seen.append(seen)
        return True

    def places(self) -> list[Place]:
        found = [seen.place for seen in self.seen]
        self.seen.clear()
        return found


def send_udp(wire: Wire, to: str = PEER, port: int = 9, data: bytes = b"data") -> None:
    socket = wire.node.udp_socket()
    socket.send(data, to=(to, port))
    socket.close()


@ALL
def test_s10_1_the_hooks_that_are_called(policy: Policy) -> None:
    wire = router(policy)
    watch = Watch(wire)
    wire.ip(udp(port=9))
    assert watch.places()[:2] == [Place.PREROUTING, Place.INPUT]
    send_udp(wire)
    later = [] if policy is NETSTACK else [Place.POSTROUTING]
    assert watch.places() == [Place.OUTPUT, *later]
    wire.sent()
    wire.ip(udp(source=REMOTE, destination=INSIDE))
    between = [] if policy is NETSTACK else [Place.FORWARD, Place.POSTROUTING]
    assert watch.places() == [Place.PREROUTING, *between]
    assert wire.one().nic == 2


@ALL
def test_s10_2_without_a_table_nothing_is_looked_at(policy: Policy) -> None:
    wire = Wire(policy)
    hooks = wire.node._core.hooks
    found = [hooks.prerouting, hooks.input, hooks.forward, hooks.output, hooks.postrouting]
    assert found == [None] * 5
    wire.node.hooks.add(Place.INPUT, watch := lambda _: True)
    assert hooks.prerouting is None
    assert hooks.input is not None
    wire.node.hooks.remove(Place.INPUT, watch)
    assert hooks.input is None
    wire.ip(ping())
    assert len(wire.sent()) == 1
    assert len(hooks.connections) == 0


@ALL
def test_s10_3_tables_are_asked_in_order(policy: Policy) -> None:
    wire = router(policy)
    asked: list[tuple[str, Place]] = []

    def table(name: str) -> Table:
        def note(place: Place) -> Rule:
            def matcher(_: object) -> Match:
                asked.append((name, place))
                return Match.NO

            return Rule(Verdict.DROP, matchers=(matcher,))

        return Table({place: Chain((note(place),), Verdict.ACCEPT) for place in places[name]})

    places = {
        "mangle": (Place.PREROUTING, Place.OUTPUT, Place.POSTROUTING),
        "nat": (Place.PREROUTING, Place.INPUT, Place.OUTPUT, Place.POSTROUTING),
        "filter": (Place.INPUT, Place.FORWARD, Place.OUTPUT),
        "raw": (Place.PREROUTING, Place.OUTPUT),
    }
    if policy is NETSTACK:
        del places["raw"]
    for name in reversed(places):
        wire.node.set_table(name, table(name))
    wire.ip(udp())
    first = [("raw", Place.PREROUTING)] if "raw" in places else []
    assert asked[: 4 + len(first)] == [
        *first,
        ("mangle", Place.PREROUTING),
        ("nat", Place.PREROUTING),
        ("nat", Place.INPUT),
        ("filter", Place.INPUT),
    ]
    asked.clear()
    send_udp(wire)
    assert [name for name, place in asked if place is Place.OUTPUT] == [
        *(name for name, _ in first),
        "mangle",
        "nat",
        "filter",
    ]
    after = [name for name, place in asked if place is Place.POSTROUTING]
    assert after == ([] if policy is NETSTACK else ["mangle", "nat"])


def test_s10_3_a_table_stands_only_at_its_places() -> None:
    wire = Wire()
    for name, place in (
        ("nat", Place.FORWARD),
        ("filter", Place.PREROUTING),
        ("raw", Place.INPUT),
        ("x", Place.INPUT),
    ):
        with pytest.raises(Refused, match="invalid argument"):
            wire.node.set_table(name, at(place, Verdict.ACCEPT))


@rfc_and_netstack
@pytest.mark.parametrize(
    ("chain", "passes"),
    [
        (Chain((Rule(Verdict.ACCEPT), Rule(Verdict.DROP))), True),
        (Chain((Rule(Verdict.DROP), Rule(Verdict.ACCEPT))), False),
        (Chain((Rule(Verdict.ERROR), Rule(Verdict.ACCEPT)), Verdict.ACCEPT), False),
        (Chain((Rule(Verdict.RETURN), Rule(Verdict.DROP)), Verdict.ACCEPT), True),
        (Chain((Rule(Verdict.RETURN), Rule(Verdict.ACCEPT)), Verdict.DROP), False),
        (Chain(()), False),
        (Chain((Rule(Jump("accept")), Rule(Verdict.DROP))), True),
        (Chain((Rule(Jump("return")), Rule(Verdict.ACCEPT))), True),
        (Chain((Rule(Jump("empty")), Rule(Verdict.DROP)), Verdict.ACCEPT), False),
        (Chain((Rule(Jump("drop")),), Verdict.ACCEPT), False),
        (Chain((Rule(Jump("jump")), Rule(Verdict.DROP))), True),
    ],
    ids=[
        "accept", "drop", "error", "return to default", "return to drop", "off the end",
        "jump to accept", "jump and return", "jump to nothing", "jump to drop", "jump twice",
    ],
)  # fmt: skip
def test_s10_5_targets(policy: Policy, chain: Chain, passes: bool) -> None:
    wire = Wire(policy)
    others = {
        "accept": (Rule(Verdict.ACCEPT),),
        "drop": (Rule(Verdict.DROP),),
        "return": (Rule(Verdict.RETURN), Rule(Verdict.DROP)),
        "jump": (Rule(Jump("return")), Rule(Jump("accept"))),
        "empty": (),
    }
    wire.node.set_table("filter", Table({Place.INPUT: chain}, others))
    wire.ip(ping())
    assert len(wire.sent()) == int(passes)


def test_s10_5_accept_goes_on_to_the_next_table() -> None:
    wire = Wire()
    wire.node.set_table("nat", at(Place.INPUT, Verdict.ACCEPT))
    wire.node.set_table("filter", at(Place.INPUT, Verdict.DROP))
    wire.ip(ping())
    assert wire.sent() == []


def test_s10_5_jumps_lead_to_chains_and_not_in_rings_nor_too_deep() -> None:
    wire = Wire()
    start = {Place.INPUT: Chain((Rule(Jump("0")),), Verdict.DROP)}
    ring = {"0": (Rule(Jump("1")),), "1": (Rule(Jump("0")),)}
    for others in ({}, ring):
        with pytest.raises(Refused, match="invalid argument"):
            wire.node.set_table("filter", Table(start, others))
    deep = {str(n): (Rule(Jump(str(n + 1))),) for n in range(NESTING_LIMIT - 1)}
    last = {str(NESTING_LIMIT - 1): (Rule(Verdict.ACCEPT),)}
    wire.node.set_table("filter", Table(start, deep | last))
    wire.ip(ping())
    assert len(wire.sent()) == 1
    deeper = {**deep, str(NESTING_LIMIT - 1): (Rule(Jump("end")),), "end": ()}
    with pytest.raises(Refused, match="invalid argument"):
        wire.node.set_table("filter", Table(start, deeper))


def test_s10_6_the_header_is_sound_and_fragments_are_seen_singly() -> None:
    wire = Wire(NETSTACK)
    watch = Watch(wire)
    broken = bytearray(udp())
    broken[10] ^= 1
    wire.ip(bytes(broken))
    assert watch.places() == []
    alert = b"\x94\x04\0\0"
    whole = udp(bytes(24))[20:]
    wire.ip(datagram(whole[:16], 17, flags=1, options=alert))
    wire.ip(datagram(whole[16:], 17, offset=2, options=alert))
    assert [seen.header.options for seen in watch.seen[:4]] == [alert] * 4
    assert [(seen.place, len(seen.payload)) for seen in watch.seen[:4]] == [
        (Place.PREROUTING, 16),
        (Place.INPUT, 16),
        (Place.PREROUTING, 16),
        (Place.INPUT, 16),
    ]
    watch.seen.clear()
    wire.node.set_mtu(1, 100)
    send_udp(wire, data=bytes(200))
    (shown,) = watch.seen
    assert (shown.place, shown.header.source, len(shown.payload)) == (Place.OUTPUT, a(HOST), 208)


@pytest.mark.parametrize(
    ("place", "counter", "mib"),
    [
        (Place.PREROUTING, "IP.IPTablesPreroutingDropped", "ipSystemStatsInDiscards"),
        (Place.INPUT, "IP.IPTablesInputDropped", "ipSystemStatsInDiscards"),
    ],
    ids=["prerouting", "input"],
)
@rfc_and_netstack
def test_s10_10_drops_on_the_way_in_are_counted(
    policy: Policy, place: Place, counter: str, mib: str
) -> None:
    wire = Wire(policy)
    wire.node.hooks.add(place, lambda _: False)
    before, objects = wire.node.counters.netstack(), wire.mib()
    wire.ip(udp())
    assert wire.sent() == []
    assert netstack_moved(wire, before) == {"IP.PacketsReceived": 1, counter: 1}
    assert wire.moved(objects) == {"ipSystemStatsInReceives": 1, mib: 1}


@rfc_and_netstack
def test_s10_10_drops_at_output_are_counted_and_told_as_success(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("filter", at(Place.OUTPUT, Verdict.DROP))
    before = wire.node.counters.netstack()
    send_udp(wire)
    assert wire.sent() == []
    moved = netstack_moved(wire, before)
    assert moved.pop("IP.IPTablesOutputDropped") == 1
    assert "IP.PacketsSent" not in moved
    assert "IP.OutgoingPacketErrors" not in moved


@pytest.mark.parametrize("policy", [RFC, QUIET_LATER], ids=["RFC", "NETSTACK_LATER"])
def test_s10_12_drops_at_forward_and_postrouting_are_counted(policy: Policy) -> None:
    wire = router(policy)
    wire.node.set_table("filter", at(Place.FORWARD, Verdict.DROP, HeaderFilter(protocol=17)))
    before = wire.node.counters.netstack()
    wire.ip(udp(source=REMOTE, destination=INSIDE))
    assert wire.sent() == []
    assert netstack_moved(wire, before)["IP.IPTablesForwardDropped"] == 1
    wire.node.set_table("filter", at(Place.FORWARD, Verdict.ACCEPT))
    wire.node.set_table("mangle", at(Place.POSTROUTING, Verdict.DROP))
    wire.ip(udp(source=REMOTE, destination=INSIDE))
    assert wire.sent() == []
    assert netstack_moved(wire, before)["IP.IPTablesPostroutingDropped"] == 1


@ALL
def test_s10_11_what_hooks_do_not_see(policy: Policy) -> None:
    wire = Wire(policy)
    loopback(wire)
    everything = policy is RFC
    watch = Watch(wire)
    # A header that the caller brought.
    raw = wire.node.raw_socket(255)
    raw.send(udp(source=HOST, destination=PEER))
    postrouting = [] if policy is NETSTACK else [Place.POSTROUTING]
    assert watch.places() == ([Place.OUTPUT] if everything else []) + postrouting
    # A looped copy at prerouting.
    send_udp(wire, to="127.0.0.1", port=5)
    places = watch.places()
    wire.frames()
    places = (places + watch.places())[:3]
    looped = [Place.PREROUTING, Place.INPUT] if everything else [Place.INPUT]
    assert [place for place in places if place is not Place.POSTROUTING][1:][
        : len(looped)
    ] == looped
    wire.frames()
    # IGMP.
    watch.seen.clear()
    if not policy.igmp_version:
        wire.node.set_igmp(1, 2)
    wire.node.join(1, "239.1.2.3")
    assert len(wire.sent()) == 1
    assert watch.places() == ([Place.OUTPUT, Place.POSTROUTING] if everything else [])


def test_s14_46_tables_that_came_later_are_refused_before() -> None:
    wire = Wire(NETSTACK)
    with pytest.raises(Refused, match="not supported"):
        wire.node.set_table("raw", at(Place.OUTPUT, Verdict.ACCEPT))
    for target in (Dnat(1), Snat(1), Masquerade()):
        with pytest.raises(Refused, match="not supported"):
            wire.node.set_table("nat", at(Place.OUTPUT, target))
    wire.node.set_table("nat", at(Place.OUTPUT, Redirect(1)))


def test_s14_46_all_five_hooks_see_what_passes() -> None:
    wire = router()
    watch = Watch(wire)
    wire.ip(ping())
    assert watch.places() == [Place.PREROUTING, Place.INPUT, Place.OUTPUT, Place.POSTROUTING]
    wire.ip(udp(source=REMOTE, destination=INSIDE))
    assert watch.places() == [Place.PREROUTING, Place.FORWARD, Place.POSTROUTING]
