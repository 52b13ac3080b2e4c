"""Mails on their way: put down with the act they tell of, sent, and seen by the administrator."""
