"""Who is a company's one way in: assignments with dates, and the rules new companies are given by."""
