"""Hostile input for the bundled stack: `make soak` by the million, the tests a bounded part.

`corpus` gathers the frames that the library sends; `mutate` spoils them, with checksums put right
often enough to get past the first check; `watch` holds what the stack emits against RFC 1122
§3.2.2 and against sound form, reading the octets by itself; `drive` does it for one preset and
topology; `__main__` is the command.
"""
