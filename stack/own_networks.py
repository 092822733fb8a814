"""The subnets that a NIC is on by its addresses, their broadcasts, and who speaks there."""

from __future__ import annotations

from stack.address_index import AddressIndex, Lengths, network_key
from stack.own_address import Order, OwnAddress, precedence
from stack.wire.address import Prefix


class Network:
    """One subnet and our permanent addresses in it."""

    __slots__ = ("order", "prefix")

    def __init__(self, prefix: Prefix) -> None:
        self.prefix = prefix
        self.order = Order()


class Networks:
    """The networks of one NIC, found in constant time however many there are.

    While `usable` is on, `index` knows of them under the NIC's `number`. With `whole` every address
    in them is ours.
    """

    def __init__(self, index: AddressIndex, number: int, *, whole: bool) -> None:
        self.usable = False
        self._index = index
        self._number = number
        self._whole = whole
        self._networks: dict[int, Network] = {}
        self._broadcasts: dict[int, list[Network]] = {}
        self._all_zeros: dict[int, list[Network]] = {}
        self._lengths = Lengths()

    def switch(self, *, on: bool) -> None:
        """The NIC becomes usable, or ceases to be (S1.2)."""
        self.usable = on
        for network in self._networks.values():
            self._tell(network, enter=on)

    def enter(self, own: OwnAddress) -> None:
        """The subnet of this address is ours."""
        prefix = own.prefix
        key = network_key(prefix.network, prefix.length)
        network = self._networks.get(key)
        if network is None:
            network = self._networks[key] = Network(prefix)
            self._lengths.add(prefix.length)
            # RFC 3021 §2.1: a /31 has two hosts and no broadcast; a /32 has room for none.
            broadcast = prefix.broadcast()
            if broadcast is not None:
                self._broadcasts.setdefault(broadcast, []).append(network)
                # RFC 1122 §3.3.6: the old form with a host part of zeros.
                self._all_zeros.setdefault(prefix.network, []).append(network)
            if self.usable:
                self._tell(network, enter=True)
        network.order.add(own)

    def leave(self, own: OwnAddress) -> None:
        """This address is no longer ours; nor is its subnet if it was the last one there."""
        prefix = own.prefix
        key = network_key(prefix.network, prefix.length)
        network = self._networks[key]
        network.order.remove(own)
        if network.order:
            return
        del self._networks[key]
        self._lengths.remove(prefix.length)
        broadcast = prefix.broadcast()
        if broadcast is not None:
            _take_out(self._broadcasts, broadcast, network)
            _take_out(self._all_zeros, prefix.network, network)
        if self.usable:
            self._tell(network, enter=False)

    def _tell(self, network: Network, *, enter: bool) -> None:
        self._index.network(network.prefix, self._number, whole=self._whole, enter=enter)

    def broadcast(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this broadcast address (RFC 922 §7)."""
        networks = self._broadcasts.get(address)
        return networks[0].order.first() if networks else None

    def all_zeros(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this {prefix, 0} address."""
        networks = self._all_zeros.get(address)
        return networks[0].order.first() if networks else None

    def on_link(self, address: int) -> OwnAddress | None:
        """Answer our address with the longest prefix that contains this address.

        RFC 1122 §3.3.1.1: the masked comparison decides what is on the connected network.
        """
        for _, key in self._lengths.keys(address):
            network = self._networks.get(key)
            if network is not None:
                return network.order.first()
        return None

    def speaker(self, peer: int) -> OwnAddress | None:
        """Answer who comes first of our listed addresses on the subnets that a peer is on."""
        best: OwnAddress | None = None
        for _, key in self._lengths.keys(peer):
            network = self._networks.get(key)
            own = None if network is None else network.order.first()
            if own is None or own.rank is None:
                continue
            if best is None or precedence(own) < precedence(best):
                best = own
        return best


def _take_out(networks: dict[int, list[Network]], key: int, network: Network) -> None:
    networks[key].remove(network)
    if not networks[key]:
        del networks[key]
