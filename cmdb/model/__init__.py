"""The domain: what configuration items are, how they are identified, and how records become them."""
