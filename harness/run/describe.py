"""A step in a few words, for "after ..." in explanations and for lists of steps."""

from __future__ import annotations

from harness.addresses import Lease
from harness.case.packet import Fragments, Layer, Packet, Padded, Stimulus, Truncated
from harness.case.steps import Advance, Call, Send, Step
from harness.case.time import NamedDuration
from harness.judge.words import duration_words, packet_words, value_words


def describe(step: Step, lease: Lease) -> str | None:
    """What a step does, if it does something to the target."""
    match step:
        case Send(stimuli=stimuli):
            said = " and ".join(stimulus_words(stimulus, lease) for stimulus in stimuli[:2])
            more = f" and {len(stimuli) - 2} more" if len(stimuli) > 2 else ""
            return f"sending {said}{more}"
        case Advance(duration=duration):
            if isinstance(duration, NamedDuration):
                return f"waiting for the {duration.name} time"
            return f"waiting {duration_words(duration)}"
        case Call(operation=operation, socket=socket):
            on = f" on {socket!r}" if socket else ""
            return f"calling {operation}{on}{call_arguments(step, lease)}"
    return None


def call_arguments(step: Call, lease: Lease) -> str:
    """What a call is made with, to stand behind its name; nothing if it is made with nothing."""
    said = ", ".join(f"{name} {value_words(value, lease, name)}" for name, value in step.arguments)
    return f" with {said}" if said else ""


def stimulus_words(stimulus: Stimulus, lease: Lease) -> str:
    """What is sent, in one line."""
    match stimulus:
        case Layer():
            return packet_words(Packet((stimulus,)), lease)
        case Packet():
            return packet_words(stimulus, lease)
        case Fragments(datagram=packet, order=order):
            return f"{len(order)} fragments of {packet_words(packet, lease)}"
        case Truncated(packet=packet, octets=octets):
            return f"the first {octets} octets of {packet_words(packet, lease)}"
        case Padded(packet=packet, padding=padding):
            return f"{packet_words(packet, lease)} with {len(padding)} octets of padding"
