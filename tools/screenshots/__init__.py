"""Pictures of the viewer's pages and states, for people to look at: `python -m tools.screenshots`."""
