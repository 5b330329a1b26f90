"""What the nodes say, typed: charon by VICI, FRR by its vty sockets, the kernel, the wire.

Text and bytes end here; nothing here judges.

* ``question``: a command with the function that reads its answer; ``ask`` puts it to a node.
* ``frr``, ``kernel``: the questions there are. ``frr_model``, ``kernel_model``: the answers.
* ``vici``: a node's charon, with ``vici_model``.
* ``capture``: live captures, with ``packet`` and ``ike``; ``pcap`` reads capture files.
"""
