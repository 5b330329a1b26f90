"""The reverse-route agent: routes in the inside VRF follow the CHILD_SAs of charon.

It runs inside an aggregator node (``python3 -m agent /etc/offnet/agent.json``), listens to charon's
events over VICI and sets kernel routes over netlink, from where FRR redistributes them into
MP-BGP. It imports the standard library and vici only, and nothing of offnet: it starts in a
fraction of the time that a netlink library takes to import, and the node image stays small.

What holds at any time: the routes with the agent's protocol number are those that live CHILD_SAs
are entitled to, and the static ones.

* ``config``: what each connection may inject (agent.json).
* ``sas``: what charon says, reduced to what matters here.
* ``decision``: which of an SA's selectors become routes, and why others do not. Pure.
* ``ledger``: which SA owns which route, and what changes when one comes or goes. Pure.
* ``netlink``, ``kernel``: the messages, and routes set and read with them.
* ``charon``: the connections to charon.
* ``radius``, ``groups``, ``orders``: remote-access groups that are downloaded from an AAA server.
* ``backup``: at a site, the choice between two aggregators; there it does nothing else.
* ``loop``: events in, routes out; resynchronization; charon's absence.

On SIGTERM and SIGINT the agent leaves its routes: a restarted agent adopts them, so that restarting
it does not interrupt traffic. When charon goes, they are withdrawn, save the static ones.
"""
