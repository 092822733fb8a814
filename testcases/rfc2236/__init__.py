"""Cases of RFC 2236, Internet Group Management Protocol, version 2."""
