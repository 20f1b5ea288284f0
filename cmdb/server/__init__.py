"""The server that offers the API over HTTP. Modules are imported when it starts, not by commands."""
