"""The choices of `Policy` that have more than two sides."""

from __future__ import annotations

from enum import Enum


class OverlapRule(Enum):
    """What reassembly does when a fragment brings octets that another one brought."""

    EQUAL_TOLERATED = "equal octets are taken, else the train is dropped"
    CONTAINED_IGNORED = "lying inside one earlier fragment: ignored unseen; else train dropped"
    SAME_RANGE_IGNORED = "the very range of an earlier fragment: ignored unseen; else dropped"
    ALL_REFUSED = "any overlap drops the train, repetitions too (RFC 5722 §4)"
    FIRST = "the octets that came first stay"
    LAST = "the octets that came last stay"
    BSD = "the earlier fragment keeps them, unless the later one begins before it"
    BSD_RIGHT = "the later fragment gets them, unless it begins before the earlier one"
    LINUX_OLD = "the earlier fragment keeps them if it begins before the later one"
    WINDOWS = "the earlier fragment keeps them, unless the later one reaches beyond both its ends"
    SOLARIS = "as WINDOWS, and also when the later one ends where the earlier one ends"


class RepeatRule(Enum):
    """Which option types may stand in a header only once."""

    KNOWN = "those that an RFC defines"
    ALL = "all but end-of-list and no-operation"


class SourceRouting(Enum):
    """What is done with loose and strict source routes."""

    NONE = "unknown options"
    HOST = "originated, ended and reversed here, never followed for others"
    FORWARD = "also followed for others as a listed hop"


class IdentificationRule(Enum):
    """How a source chooses Identification."""

    PER_TRIPLE = "a counter for each source, destination and protocol"
    SHARED = "2,048 counters picked by a keyed hash"
    RANDOM = "a random value that is not zero"


class HeaderIncludedOptions(Enum):
    """What a raw socket with its own header does with options set on it."""

    EITHER = "they go into a header that has none; both at once is an error"
    IGNORE = "they are not sent"


class Defence(Enum):
    """What a host does when another station uses its address (RFC 5227 §2.4)."""

    NONE = "nothing: conflicts are not looked for"
    ABANDON = "(a): the address is given up at once"
    ONCE = "(b): announced again; given up at a second conflict soon after"
    KEEP = "(c): announced again, not too often, and kept"


class SecurityRule(Enum):
    """What a host does about the basic security option (RFC 1108 §2.7)."""

    IGNORE = "accepted and carried, with or without it"
    REQUIRE = "datagrams without it, or with a malformed one, are refused"
