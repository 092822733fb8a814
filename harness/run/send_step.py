"""Sending: templates to frames to the link, remembered for what is expected later."""

from __future__ import annotations

from harness.case.packet import Padded, Truncated
from harness.case.steps import Send
from harness.decode import decode
from harness.run.state import State


def send(state: State, step: Send) -> None:
    """Send a step's frames, one right behind the other.

    Raises:
        TargetGone: the target or its link went away.
        Unresolved: the laboratory lacks an address that the step names.
        NoSuchFrame: the step names a frame that was not seen.
    """
    packets: list[bytes] = []
    frames: list[bytes] = []
    for stimulus in step.stimuli:
        state.serial += 1
        encoded = state.bench.encoder.encode(stimulus, step.on, state.serial, state.view.lookup)
        frames.extend(encoded.frames)
        # A quote is of the datagram as it was before it was cut off or padded.
        as_it_was = isinstance(stimulus, Truncated | Padded)
        if as_it_was:
            packets.append(encoded.datagram)
        for frame in encoded.frames:
            read = decode(frame, bare_ip=state.bare_ip)
            state.remember(step.label, read)
            if "ip" in read.parts:
                state.sources.add(read.parts["ip"].fields["src"])
                if not as_it_was:
                    packets.append(read.datagram)
    if packets:
        state.view.sent[None] = tuple(packets)
        if step.label is not None:
            state.view.sent[step.label] = tuple(packets)
    for frame in frames:
        state.transmit(step.on, frame)
    state.since = state.bench.now()
