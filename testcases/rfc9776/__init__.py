"""Cases of RFC 9776, Internet Group Management Protocol, version 3."""
