"""What can be asked, written and subscribed to? The root fields, one file for each subject."""
