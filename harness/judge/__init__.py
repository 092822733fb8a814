"""From expectations and frames to findings with explanations.

In reading order: `words` (values as people read them), `view` (what a matcher may look at),
`match` (one value against another), `options`, `quote`, `frame` (a template against a frame),
`train` (fragments put together by the tester), `invariants` (what holds for every frame),
`counters`. Nothing here sends, waits or knows a target.
"""
