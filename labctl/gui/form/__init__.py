"""The room in which a procedure's parameters are typed, kept and started from."""
