"""Settings by name, read and set while the node runs (S13.1 to S13.6).

Those of the stack are `default_ttl`, `forwarding` and the fields of `Policy`; those of a NIC
are `NIC_SETTINGS`. A value has to be of the type that the setting has; nothing else is judged
but what cannot work. What is already under way keeps the value that it began with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from stack import igmp, nics, router_discovery
from stack.policy import Policy
from stack.refusal import Reason

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic

Value = bool | int | Enum
"""What a setting may be."""

POLICY_SETTINGS: Final = tuple(field.name for field in fields(Policy))


def _set_forwarding(core: Core, value: Value) -> Reason | None:
    if not isinstance(value, bool):
        return Reason.INVALID_ARGUMENT
    core.set_forwarding(on=value)
    router_discovery.update(core)
    return None


def _set_default_ttl(core: Core, value: Value) -> Reason | None:
    # RFC 1122 §3.2.1.7: MUST NOT send with TTL 0. S7.3: NETSTACK does not look.
    lowest = 1 if core.policy.default_ttl_not_zero else 0
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= 255:
        return Reason.INVALID_ARGUMENT
    core.default_ttl = value
    return None


def _set_mtu(_: Core, nic: Nic, value: Value) -> Reason | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return Reason.INVALID_ARGUMENT
    return nics.set_mtu(nic, value)


def _set_promiscuous(core: Core, nic: Nic, value: Value) -> Reason | None:
    if not isinstance(value, bool):
        return Reason.INVALID_ARGUMENT
    nic.promiscuous = value
    core.plain.clear()
    return None


def _set_spoofing(core: Core, nic: Nic, value: Value) -> Reason | None:
    if not isinstance(value, bool):
        return Reason.INVALID_ARGUMENT
    nics.set_spoofing(core, nic, on=value)
    return None


def _set_igmp_version(core: Core, nic: Nic, value: Value) -> Reason | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return Reason.INVALID_ARGUMENT
    return igmp.set_version(core, nic, value)


def _set_nic_forwarding(core: Core, nic: Nic, value: Value) -> Reason | None:
    if not isinstance(value, bool):
        return Reason.INVALID_ARGUMENT
    if not core.policy.per_nic_forwarding:
        return Reason.NOT_SUPPORTED
    core.set_nic_forwarding(nic, on=value)
    router_discovery.update(core)
    return None


_STACK_SETTINGS: Final[
    dict[str, tuple[Callable[[Core], Value], Callable[[Core, Value], Reason | None]]]
] = {
    "default_ttl": (lambda core: core.default_ttl, _set_default_ttl),
    "forwarding": (lambda core: core.forwarding, _set_forwarding),
}
_NIC_SETTINGS: Final[
    dict[str, tuple[Callable[[Nic], Value], Callable[[Core, Nic, Value], Reason | None]]]
] = {
    "mtu": (lambda nic: nic.mtu, _set_mtu),
    "promiscuous": (lambda nic: nic.promiscuous, _set_promiscuous),
    "spoofing": (lambda nic: nic.spoofing, _set_spoofing),
    "igmp_version": (lambda nic: nic.group_membership.version, _set_igmp_version),
    "forwarding": (lambda nic: nic.forwarding, _set_nic_forwarding),
}
NIC_SETTINGS: Final = tuple(_NIC_SETTINGS)
"""Names of the settings of a NIC."""


def get(core: Core, name: str) -> Value | Reason:
    """Read a setting of the stack."""
    if name in _STACK_SETTINGS:
        return _STACK_SETTINGS[name][0](core)
    if name not in POLICY_SETTINGS:
        return Reason.UNKNOWN_PROTOCOL_OPTION
    value: Value = getattr(core.policy, name)
    return value


def put(core: Core, name: str, value: Value) -> Reason | None:
    """Set a setting of the stack."""
    if name in _STACK_SETTINGS:
        return _STACK_SETTINGS[name][1](core, value)
    if name not in POLICY_SETTINGS:
        return Reason.UNKNOWN_PROTOCOL_OPTION
    # A bool is an int to Python, but 1 is no switch position and True no number of tokens.
    if type(value) is not type(getattr(core.policy, name)):
        return Reason.INVALID_ARGUMENT
    if not isinstance(value, Enum) and value < 0:
        # Times, amounts and rates.
        return Reason.INVALID_ARGUMENT
    return replace_policy(core, replace(core.policy, **{name: value}))  # type: ignore[arg-type]


def replace_policy(core: Core, policy: Policy) -> Reason | None:
    """Let another policy be in force; a change of `igmp_version` is for every NIC (S13.1)."""
    before = core.policy
    version = policy.igmp_version
    if version != before.igmp_version:
        refused = igmp.version_refusal(policy, version)
        if refused is not None:
            return refused
    core.set_policy(policy)
    router_discovery.update(core)
    if version != before.igmp_version:
        for nic in core.nics.values():
            igmp.set_version(core, nic, version)
    elif policy.igmp_later_rules is not before.igmp_later_rules:
        for nic in core.nics.values():
            igmp.set_version(core, nic, nic.membership.version)
    return None


def get_of_nic(nic: Nic, name: str) -> Value | Reason:
    """Read a setting of one NIC."""
    setting = _NIC_SETTINGS.get(name)
    return Reason.UNKNOWN_PROTOCOL_OPTION if setting is None else setting[0](nic)


def put_of_nic(core: Core, nic: Nic, name: str, value: Value) -> Reason | None:
    """Set a setting of one NIC."""
    setting = _NIC_SETTINGS.get(name)
    return Reason.UNKNOWN_PROTOCOL_OPTION if setting is None else setting[1](core, nic, value)
