"""What runs inside a node: the entrypoint (POSIX sh) and the reverse-route agent."""
