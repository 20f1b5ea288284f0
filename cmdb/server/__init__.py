"""The server that offers the API over HTTP; commands that do not serve never import it."""
