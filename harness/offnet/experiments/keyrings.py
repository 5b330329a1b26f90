"""The keyrings of a running charon: one that a profile uses is not taken away."""

from __future__ import annotations

from offnet.network.model import Network
from offnet.observe.errors import CommandRefused
from offnet.observe.vici import Vici


def remove_keyring(network: Network, charon: Vici, keyring: str) -> tuple[str, ...]:
    """Takes the keys of a keyring out of charon; CommandRefused while a loaded profile uses the keyring.

    charon itself would take the keys away and fail at the next negotiation. Returns the names of the keys.
    """
    node = network.node(charon.node)
    held = {connection.name for connection in charon.list_conns()}
    connections = node.ike.connections if node.ike else ()
    users = {c.profile for c in connections if c.name in held and c.keyring == keyring and c.profile}
    if users:
        profiles = " and ".join(sorted(users))
        raise CommandRefused(
            f"{keyring} cannot be removed from {charon.node}: it is in use by profile {profiles}"
        )
    names = [
        name for name in charon.shared() if name == f"ike-{keyring}" or name.startswith(f"ike-{keyring}-")
    ]
    for name in names:
        charon.unload_shared(name)
    return tuple(names)
