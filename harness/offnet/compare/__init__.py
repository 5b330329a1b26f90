"""What a site more costs: a lab grown in memory from its own intent, and its rendered files compared."""
