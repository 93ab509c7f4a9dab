"""Files as clients send them, each with the values that are right."""
