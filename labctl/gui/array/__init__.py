"""The array as seen so far: map of its cells, neurons at the feet of its columns, crosspoints of the matrix."""
