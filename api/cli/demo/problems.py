"""What can go wrong in a demo, said in one line."""


class StoryError(Exception):
    """A step did not come out as told; the text is one line for people, Vietnamese first."""
