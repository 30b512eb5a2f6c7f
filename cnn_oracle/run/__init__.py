"""Step 3, running the subject: its outputs by name, memory that it did not write to, processes that may die."""
