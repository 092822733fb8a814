"""The upper tester: socket calls made beside the target.

In reading order:
- `protocol`: the lines, calls and arguments, as docs/upper-tester.md has them.
- `linux_calls`, `linux_ancillary`: the calls on Linux sockets, and what Linux tells with them.
- `agent`: the program that offers them to one client.
- `client`: the harness's end, an `Upper`.
- `launch`: starts the agent and connects.
- `bundled`: the same calls on the bundled stack, without a line between; `bundled_node` is the
  shape of what it needs, `bundled_words` the translation.

The agent's modules import nothing of the harness but each other; `bundled` gets its node as an
argument and never imports the stack.
"""
