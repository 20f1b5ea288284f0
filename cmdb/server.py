"""The server that offers the API; it comes with the API."""
