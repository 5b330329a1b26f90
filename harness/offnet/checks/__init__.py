"""What every lab owes: claims derived from the network, and pure judges of what was seen."""
