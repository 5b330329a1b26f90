"""How nodes come up on a host, and how a running lab is reached."""
