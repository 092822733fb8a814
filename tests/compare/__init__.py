"""The bundled stack and the running Linux kernel, given the same datagrams, compared by answers.

`corpus` makes the units: what the cases of the library send, and seeded mutations; `kernel` and
`bundled` are the two sides, set up alike (`network` says how); `normalise` reads what they emit
and levels what may differ freely; `difference` lines the two answers up; `stimulus` reads what
was sent, for `classes`, the list of the differences that are known and judged; `sound` says
whether a frame of the stack's can be an answer at all, since no class excuses one that can't;
`run` puts it together, `page` writes docs/linux-comparison.md from the classes, `__main__` is the
command.
"""
