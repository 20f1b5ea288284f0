"""The use cases: one a file, functions over a `Context`."""
