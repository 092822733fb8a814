"""The trace of a case as text: one line for everything that happened.

rfc1122-3.2.2-no-error-for-broadcast  no ICMP error in reply to a broadcast datagram
times in seconds on the target's clock; -> to the target, <- from the target

  0.000000  ->  near  1  192.0.2.9 > 192.0.2.255 UDP 20000 > 9 (28 octets; ttl 64)
  0.000104  <-  near  2  192.0.2.1 > 192.0.2.9 ICMP destination unreachable, port (3/3) ...
"""

from __future__ import annotations

from harness.report.model import Purpose
from harness.report.step_words import steps_of
from harness.summary import summary
from harness.trace import Entry, Event, Trace
from harness.verdict import CaseResult

ARROWS = {
    Event.TO_TARGET: "->",
    Event.FROM_TARGET: "<-",
    Event.CALL: "()",
    Event.NOTE: "--",
}
MICROSECONDS = 1_000_000
_LEGEND = """\
times in seconds on the target's clock; -> to the target, <- from the target, () call, -- note;
then the link, and the step (- for what the tester does by itself)"""


def link_name(trace: Trace, link: int | None) -> str:
    """The name of a link as people know it; empty for what happens on none."""
    if link is None:
        return ""
    if link < len(trace.link_names):
        return trace.link_names[link]
    return f"link {link}"


def entry_text(entry: Entry, trace: Trace) -> str:
    """What happened, in one line: the frame in words, and what the tester says of it."""
    said = " ".join(entry.text.split())
    if entry.frame is None:
        return said
    frame = summary(entry.frame, bare_ip=trace.bare_ip)
    return frame if said in ("", frame) else f"{frame} : {said}"


def time_text(at: int) -> str:
    """Microseconds as seconds with all their digits."""
    return f"{at / MICROSECONDS:.6f}"


def trace_lines(trace: Trace) -> list[str]:
    """One line for each entry: time, direction, link, step, what happened."""
    times = [time_text(entry.at) for entry in trace.entries]
    links = [link_name(trace, entry.link) for entry in trace.entries]
    wide_time = max(map(len, times), default=0)
    wide_link = max(map(len, links), default=0)
    return [
        f"{time:>{wide_time}}  {ARROWS[entry.event]}  {link:<{wide_link}}  "
        f"{'-' if entry.step is None else entry.step:>2}  {entry_text(entry, trace)}".rstrip()
        for entry, time, link in zip(trace.entries, times, links, strict=True)
    ]


def trace_text(purpose: Purpose, result: CaseResult) -> str:
    """A case's trace as a text of its own: what case, what verdict, how to read it, the lines."""
    steps = [f"step {number:>2}  {text}" for number, text in enumerate(steps_of(purpose), start=1)]
    if steps:
        steps.append("")
    again = ", tried again once" if result.attempts > 1 else ""
    head = [
        f"{purpose.id}  {purpose.title}",
        f"verdict: {result.verdict.value} after {result.seconds:.6f} s{again}",
        "",
        *steps,
        _LEGEND,
        "",
    ]
    return "\n".join([*head, *trace_lines(result.trace)]) + "\n"
