"""Cases of RFC 2474, The Differentiated Services field."""
