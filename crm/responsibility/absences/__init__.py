"""Who is away and who stands in: dated, falling away by itself, and never with a reason."""
