"""What happened between a company and the municipality: calls, meetings, visits, mails, notes, follow-ups."""
