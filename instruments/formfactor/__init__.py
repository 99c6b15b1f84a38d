"""FormFactor: wafer probers."""
