"""RFC 6918, Formally Deprecating Some ICMPv4 Message Types."""
