"""Users, roles, sessions and tokens; `rights.may` is the one place that answers "may I?"."""
