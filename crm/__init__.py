"""The domain: companies, who is responsible for them, what happened, what was agreed, what it adds up to."""
