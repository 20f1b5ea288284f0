"""The typed client of the API, which will implement `Operations`; it comes with the API."""
