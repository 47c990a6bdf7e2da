"""What shows and hands on what wbtable holds: notebooks, other libraries."""
