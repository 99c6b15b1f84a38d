"""What all layers share: quantities, errors, clocks, capabilities, routes, paths."""
