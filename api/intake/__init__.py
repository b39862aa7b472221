"""What becomes of a file somebody uploaded before it is kept, and how a page of it is shown."""
