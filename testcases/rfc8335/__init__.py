"""RFC 8335, PROBE: A Utility for Probing Interfaces."""
