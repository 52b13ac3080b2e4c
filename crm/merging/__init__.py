"""A company that has become a part of another one: what is open goes on there, what happened stays."""
