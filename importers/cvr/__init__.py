"""The business register (CVR): its own JSON in, RegisterCompany and RegisterUnit out."""
