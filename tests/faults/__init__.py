"""Stacks that are wrong on purpose: each proves that cases can fail, and that only they do.

A `Fault` patches functions of the reference stack, or wraps its links, and names the requirements
that must then show a finding. The whole library runs on it: every requirement named must show a
fail or a deviation, no other requirement may, and nothing may become inconclusive unless the
fault says so. In stack/ there is no switch for any of this.

    Fault(
        "ICMP checksums are not looked at",
        shows={"792-du-b", "792-echo-b"},
        patch=replaced("stack.wire.icmp.checksum_is_right", lambda *_: True),
    )

`framework` has the vocabulary; `test_*.py` hold the faults by area.
"""
