"""The engine: runs a procedure on a bench, records what it yields and tells observers."""
