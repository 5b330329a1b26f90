"""A network on paper: where its nodes stand, in the report and in editors, and the drawing itself."""
