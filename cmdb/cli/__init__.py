"""The command line: parsing and printing only; everything else is an operation."""
