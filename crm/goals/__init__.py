"""What the plan wants counted, and how far it has come on any day."""
