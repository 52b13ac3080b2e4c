"""What a company asked for, who answers, and by when."""
