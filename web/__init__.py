"""HTTP and HTML: pages for people and an API for programs."""
