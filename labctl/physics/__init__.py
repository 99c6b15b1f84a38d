"""Network and devices of the virtual die: knows numbers, not instruments."""
