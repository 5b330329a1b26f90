"""offnet: reproducible labs for network-based IPsec VPNs."""
