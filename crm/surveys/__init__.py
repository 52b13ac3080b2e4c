"""What companies think of the cooperation: one question, asked seldom, answered once."""
