"""A consultant's day: what to do now and why, for the page, the morning mail and the calendar alike."""
