"""One TCP connection: what both sides have said so far (RFC 9293 §3.3).

Names are those of the RFC: `snd_una` is SND.UNA. Sequence numbers are modulo 2**32, see
`stack.wire.tcp.distance`. Times are microseconds on the node's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from stack.socket_errors import ErrorQueue
from stack.tcp_round_trip import RoundTrip
from stack.user_options import NO_OPTIONS, UserOptions
from stack.wire.tcp import DEFAULT_MSS, add, distance

if TYPE_CHECKING:
    from stack.refusal import Reason
    from stack.socket_settings import Settings
    from stack.tcp_table import Listener

RECEIVE_BUFFER: Final = 32768
"""Octets that wait for one user, and the largest window offered."""
SEND_BUFFER: Final = 65536
"""Octets that one user may have under way."""
OUT_OF_ORDER_SEGMENTS: Final = 64
"""Segments kept that came before their turn; what they hold is no more than a window."""
INITIAL_SEGMENTS: Final = ((1095, 4), (2190, 3), (65535, 2))
"""RFC 5681 §3.1: full segments sent before the first acknowledgment, up to each size in octets."""
LARGEST_CONGESTION_WINDOW: Final = 65535
"""Octets: the largest window that a header without scaling can offer."""

Key = tuple[int, int, int, int]
"""Local address and port, remote address and port."""


class State(Enum):
    """RFC 9293 §3.3.2."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"


OPENING: Final = frozenset({State.SYN_SENT, State.SYN_RECEIVED})
ESTABLISHED: Final = frozenset({State.ESTABLISHED, State.CLOSE_WAIT})
"""What RFC 4022 tcpCurrEstab counts."""
SENDING: Final = ESTABLISHED | {State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK}
"""Where data or a FIN of ours may still be under way."""
BOTH_CLOSED: Final = frozenset({State.CLOSING, State.LAST_ACK, State.TIME_WAIT})
"""Where each side has sent its FIN."""
RECEIVING: Final = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})


@dataclass(slots=True, eq=False)
class Connection:
    """The transmission control block."""

    local: int
    local_port: int
    remote: int
    """The final destination, also on a source route."""
    remote_port: int
    settings: Settings
    state: State = State.CLOSED
    listener: Listener | None = None
    """Who waits for it, until it is accepted."""
    passive: bool = False
    held: bool = True
    """A user has it, or may still accept it."""
    error: Reason | None = None
    """Why it ended, or what a user has not been told yet (SO_ERROR)."""
    soft_error: Reason | None = None
    """RFC 1122 §4.2.3.9: kept until the connection times out or the user asks."""

    errors_seen: ErrorQueue = field(default_factory=ErrorQueue)

    options: UserOptions = NO_OPTIONS
    """What goes into every datagram: set by the user, or the way back of a source route."""
    user_options: bool = False
    """RFC 1122 §4.2.3.8: the user's choice, clearing included, precedes routes received."""

    snd_una: int = 0
    snd_nxt: int = 0
    snd_max: int = 0
    """Highest SND.NXT so far; SND.NXT falls back to SND.UNA on a retransmission."""
    snd_wnd: int = 0
    snd_wl1: int = 0
    snd_wl2: int = 0
    max_window: int = 0
    iss: int = 0
    peer_mss: int = DEFAULT_MSS
    size_bound: int | None = None
    """S5.36: octets of header and data, from a too-big message; None: as the path's MTU says."""
    segment: int = DEFAULT_MSS
    """SMSS of RFC 5681: octets of data in a full segment, as the way was when last looked at."""
    cwnd: int = 0
    """Octets. RFC 5681 §3.1."""
    ssthresh: int = LARGEST_CONGESTION_WINDOW
    no_delay: bool = False
    """RFC 1122 §4.2.3.4: the user MUST be able to turn the Nagle algorithm off."""
    start: int = 0
    """Sequence number of the first octet in `buffer`."""
    buffer: bytearray = field(default_factory=bytearray)
    """Data sent and not acknowledged, and data to be sent."""
    fin_queued: bool = False

    irs: int = 0
    rcv_nxt: int = 0
    rcv_edge: int = RECEIVE_BUFFER
    """RCV.NXT + RCV.WND as told to the peer; it never moves back (RFC 1122 §4.2.2.16)."""
    received: bytearray = field(default_factory=bytearray)
    early: dict[int, tuple[bytes, bool]] = field(default_factory=dict)
    """Out of order: sequence number to data and whether a FIN follows it."""
    fin_received: bool = False
    deaf: bool = False
    """The user reads no more: what comes is acknowledged and dropped."""
    ack_owed: bool = False

    rtt: RoundTrip = field(default_factory=RoundTrip)
    timed: tuple[int, int] | None = None
    """What acknowledgment ends the measurement of a round trip, and when it began."""
    attempts: int = 0
    """Retransmissions since something was last acknowledged."""
    stalled_since: int = 0
    """When what waits for an acknowledgment began to."""
    give_up_after: int | None = None
    """RFC 1122 §4.2.3.5: R2 in microseconds, as the user wants it; None: the default."""
    retransmit_at: int | None = None
    close_at: int | None = None
    scheduled: int | None = None
    """When the table looks at this connection again; kept by the table."""

    @property
    def key(self) -> Key:
        """What tells the connection from all others."""
        return self.local, self.local_port, self.remote, self.remote_port

    @property
    def deadline(self) -> int | None:
        """When its next timer is due. Nothing is sent again once the end is near: one runs."""
        return self.close_at if self.retransmit_at is None else self.retransmit_at

    @property
    def window(self) -> int:
        """RCV.WND, octets."""
        return distance(self.rcv_nxt, self.rcv_edge)

    @property
    def fin_acknowledged(self) -> bool:
        """Whether the peer has this side's FIN."""
        return not self.buffer and distance(self.start, self.snd_una) > 0

    @property
    def outstanding(self) -> bool:
        """Whether something waits for an acknowledgment or for room to be sent."""
        if self.snd_una != self.snd_max or self.buffer:
            return True
        return self.fin_queued and not self.fin_acknowledged

    def widen(self, threshold: int) -> bool:
        """Move the window's edge as far as there is room; False when it is not worth it.

        RFC 1122 §4.2.3.3: the receiver avoids silly windows; `threshold` is the least step.
        """
        edge = add(self.rcv_nxt, RECEIVE_BUFFER - len(self.received))
        if distance(self.rcv_edge, edge) < min(threshold, RECEIVE_BUFFER // 2):
            return False
        self.rcv_edge = edge
        return True
