"""The window: views over the events and records of an engine in a process of its own. Only here Qt is imported."""
