"""Results and evidence of a run, and the forms people and machines read them in."""
