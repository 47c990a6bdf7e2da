"""Tables: filled row by row or column by column, written as fragments and packs, read lazily."""
