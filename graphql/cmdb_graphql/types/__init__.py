"""What does the API tell of? Types, one file for each subject; most show reports as they are."""
