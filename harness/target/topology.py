"""The `[[link]]` tables of a profile or topology file: what is wired to what, and whose is what.

    [[link]]
    interface = "eth1"                           # the tester's
    target = "192.0.2.1/24"                      # the target's address on the link
    gateway = "192.0.2.254"                      # the tester's, that the target has routes by
    second_gateway = "192.0.2.253"               # the tester's too
    neighbours = "192.0.2.10-192.0.2.199"        # the tester's, leased to cases
    absent = "192.0.2.200-192.0.2.239"           # nobody's, leased to cases
    remotes = "198.18.0.0/16"                    # behind the gateway, leased to cases
    mtu = 1500                                   # octets of IP packet
    bare_ip = false                              # no link header, no ARP

Only `interface`, `target` and either `neighbours` or `remotes` are needed. Every address is used
for one thing only; all but the remotes lie in the link's subnet.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final

from harness.addresses import LinkPlan
from harness.baseline import hint
from harness.target.base import TargetError

KEYS: Final = (
    "interface",
    "target",
    "gateway",
    "second_gateway",
    "neighbours",
    "absent",
    "remotes",
    "mtu",
    "bare_ip",
)
MOST_LINKS: Final = 2
MOST_ADDRESSES: Final = 4096
"""Of one range: beyond it somebody has slipped a digit."""
SMALLEST_MTU: Final = 68
"""RFC 791 §3.2: every module forwards a datagram of 68 octets uncut."""
LARGEST_MTU: Final = 65535
LONGEST_INTERFACE_NAME: Final = 15


def load_links(path: Path) -> tuple[LinkPlan, ...]:
    """The links of a topology file, which holds nothing else.

    Raises:
        TargetError: it can't be read or makes no sense.
    """
    where = f"topology {path}"
    document = read_toml(path, where)
    rows = document.pop("link", [])
    refuse_unknown(document, ("link",), where)
    return parse_links(rows, where)


def read_toml(path: Path, where: str) -> dict[str, Any]:
    """What a TOML file holds; `where` begins the message.

    Raises:
        TargetError: it can't be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetError(f"{where}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"{where}: {error}") from None


def refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Make sure that a table has known keys only.

    Raises:
        TargetError: it has another; near ones are named.
    """
    known = tuple(known)
    for key in given:
        if key not in known:
            raise TargetError(f"{where}: unknown key {key!r}{hint(key, known)}")


def parse_links(rows: Any, where: str) -> tuple[LinkPlan, ...]:
    """The links that `[[link]]` tables describe, in their order: near, then far.

    Raises:
        TargetError: they make no sense.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TargetError(f"{where}: links are written [[link]]")
    if len(rows) > MOST_LINKS:
        raise TargetError(f"{where}: {len(rows)} links; a topology has at most {MOST_LINKS}")
    links = tuple(
        _parse_link(row, f"{where}: link {number}") for number, row in enumerate(rows, start=1)
    )
    if len(links) == MOST_LINKS:
        _keep_apart(links[0], links[1], where)
    return links


def short_link(interface: str, target: str, tester: str) -> LinkPlan:
    """The one link that the command line describes: no gateway, so neighbours only.

    The last fifth of the tester's addresses is left unanswered, for the cases that want an
    absent neighbour.

    Raises:
        TargetError: it makes no sense.
    """
    where = "the command line"
    if "/" not in target:
        raise TargetError(f"{where}: --target-address {target} needs its prefix, as {target}/24")
    addresses = parse_ranges(tester, f"{where}: --tester-addresses")
    answering = len(addresses) - len(addresses) // 5
    row = {
        "interface": interface,
        "target": target,
        "neighbours": ",".join(addresses[:answering]),
        "absent": ",".join(addresses[answering:]),
    }
    return _parse_link({key: value for key, value in row.items() if value}, where)


def parse_ranges(text: Any, where: str) -> tuple[str, ...]:
    """The addresses of "192.0.2.10-192.0.2.19, 192.0.2.30".

    Raises:
        TargetError: that is not what it says.
    """
    if not isinstance(text, str):
        raise TargetError(f'{where} is not a text like "192.0.2.10-192.0.2.19"')
    found: list[str] = []
    for part in text.split(","):
        first, _, last = (piece.strip() for piece in part.partition("-"))
        start = _address(first, where)
        end = _address(last, where) if last else start
        count = int(end) - int(start) + 1
        if not 0 < count <= MOST_ADDRESSES:
            raise TargetError(f"{where}: {part.strip()} is no range of 1 to {MOST_ADDRESSES}")
        found += (str(start + number) for number in range(count))
    return tuple(found)


def _parse_link(row: Mapping[str, Any], where: str) -> LinkPlan:
    refuse_unknown(row, KEYS, where)
    for key in ("interface", "target"):
        if key not in row:
            raise TargetError(f"{where}: {key} is missing")
    target, prefix_length = _with_prefix(row["target"], f"{where}: target")
    neighbours = _ranges_of(row, "neighbours", where)
    plan = LinkPlan(
        name=_interface(row["interface"], f"{where}: interface"),
        target=str(target),
        prefix_length=prefix_length,
        gateway=_address_of(row, "gateway", where),
        second_gateway=_address_of(row, "second_gateway", where),
        neighbours=neighbours,
        absent=_ranges_of(row, "absent", where),
        remotes=_remotes(row, where),
        bare_ip=_flag(row.get("bare_ip", False), f"{where}: bare_ip"),
        mtu=_mtu(row.get("mtu", 1500), f"{where}: mtu"),
    )
    _check(plan, where)
    return plan


def _check(plan: LinkPlan, where: str) -> None:
    if plan.remotes is None and len(plan.neighbours) < 2:
        raise TargetError(f"{where}: the tester needs two neighbours, or remotes with a gateway")
    if plan.remotes is not None and plan.gateway is None and not plan.bare_ip:
        raise TargetError(f"{where}: remotes are reached by a gateway, and none is given")
    if plan.remotes is not None and IPv4Network(plan.remotes).overlaps(plan.subnet):
        raise TargetError(f"{where}: remotes {plan.remotes} overlap the link's {plan.subnet}")
    used: set[str] = {plan.target}
    for use, addresses in _uses(plan):
        for address in addresses:
            if IPv4Address(address) not in plan.subnet:
                raise TargetError(f"{where}: {use} {address} is not in {plan.subnet}")
            if _has_ends(plan) and address in _ends(plan.subnet):
                raise TargetError(f"{where}: {use} {address} is no address of a host")
            if address in used:
                raise TargetError(f"{where}: {address} is used twice, the second time as {use}")
            used.add(address)


def _uses(plan: LinkPlan) -> Sequence[tuple[str, Sequence[str]]]:
    return (
        ("gateway", (plan.gateway,) if plan.gateway else ()),
        ("second_gateway", (plan.second_gateway,) if plan.second_gateway else ()),
        ("neighbour", plan.neighbours),
        ("absent", plan.absent),
    )


def _has_ends(plan: LinkPlan) -> bool:
    # RFC 3021 §2.1: both addresses of a /31 are hosts.
    return plan.prefix_length <= 30


def _ends(subnet: IPv4Network) -> tuple[str, str]:
    return str(subnet.network_address), str(subnet.broadcast_address)


def _keep_apart(near: LinkPlan, far: LinkPlan, where: str) -> None:
    if near.name == far.name:
        raise TargetError(f"{where}: both links have interface {near.name}")
    networks = [
        [link.subnet, *([IPv4Network(link.remotes)] if link.remotes else [])]
        for link in (near, far)
    ]
    for one in networks[0]:
        for other in networks[1]:
            if one.overlaps(other):
                raise TargetError(f"{where}: {one} of link 1 overlaps {other} of link 2")


def _with_prefix(text: Any, where: str) -> tuple[IPv4Address, int]:
    address, slash, _ = str(text).partition("/")
    try:
        interface = ipaddress.IPv4Interface(text) if slash else None
    except ValueError:
        interface = None
    if interface is None:
        raise TargetError(f'{where}: {text!r} is not an address with its prefix, as "{address}/24"')
    length = interface.network.prefixlen
    if not 8 <= length <= 31:
        raise TargetError(f"{where}: a link's prefix has 8 to 31 bits, not {length}")
    if length <= 30 and address in _ends(interface.network):
        raise TargetError(f"{where}: {address} is no address of a host")
    return interface.ip, length


def _remotes(row: Mapping[str, Any], where: str) -> str | None:
    text = row.get("remotes")
    if text is None:
        return None
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise TargetError(f"{where}: remotes: {error}") from None
    if network.prefixlen > 24:
        raise TargetError(f"{where}: remotes {network} are too few: at least a /24 is needed")
    return str(network)


def _address_of(row: Mapping[str, Any], key: str, where: str) -> str | None:
    return str(_address(row[key], f"{where}: {key}")) if key in row else None


def _ranges_of(row: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    return parse_ranges(row[key], f"{where}: {key}") if key in row else ()


def _address(text: Any, where: str) -> IPv4Address:
    try:
        if isinstance(text, str):
            return IPv4Address(text)
    except ValueError:
        pass
    raise TargetError(f"{where}: {text!r} is not an IPv4 address")


def _interface(name: Any, where: str) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_INTERFACE_NAME or "/" in name:
        raise TargetError(f"{where}: {name!r} is not the name of an interface")
    return name


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise TargetError(f"{where} is neither true nor false")
    return value


def _mtu(value: Any, where: str) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool)
    if not fits or not SMALLEST_MTU <= value <= LARGEST_MTU:
        raise TargetError(f"{where}: {value!r} is not a number from {SMALLEST_MTU} to 65535")
    return int(value)
