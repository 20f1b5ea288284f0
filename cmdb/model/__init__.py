"""The domain: what CIs are, how they are identified, how records become them."""
