"""Maps of the errors: each output that is wrong, drawn as text for logs and terminals, and as HTML."""
