"""Cases of RFC 1112, Host extensions for IP multicasting."""
