"""The demo estate: a readable file and the importer that reads it."""
