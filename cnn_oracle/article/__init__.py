"""The article on trial: each formula as printed and in general, and whether it holds."""
