"""Files of a run: the journal, the HDF5 file, what stands in their heads, and the folders they lie in."""
