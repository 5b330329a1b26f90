"""The resolved network: frozen values in the terms of the field."""
