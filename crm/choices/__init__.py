"""The settings of daily running that an administrator has chosen on a page."""
