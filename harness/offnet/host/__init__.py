"""Where commands run: this machine, the sandbox, or a lab server over SSH."""
