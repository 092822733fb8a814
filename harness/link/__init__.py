"""How frames travel between the tester and a real target.

A link is a file descriptor that carries whole frames; it knows nothing of cases or addresses.
`af_packet` is the raw socket on a named interface, `offloads` keeps the interface from rewriting
frames. Nothing here changes namespaces: a link is opened wherever the calling thread is.
"""
