"""The check of the article: each formula as printed and in general, and whether the printed form holds."""
