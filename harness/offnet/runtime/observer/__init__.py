"""One standing process that does everything in nodes, instead of a connection and a shell for each.

* ``inside``: what runs there, with the standard library only. It is sent as text when it is started,
  so it is always the one that belongs to this package, whatever the node image holds.
* ``client``: commands and streams over the one connection to it. ``frames``: what goes over that.
"""
