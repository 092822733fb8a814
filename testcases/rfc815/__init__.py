"""RFC 815, IP Datagram Reassembly Algorithms."""
