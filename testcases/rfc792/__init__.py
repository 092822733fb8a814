"""RFC 792, Internet Control Message Protocol."""
