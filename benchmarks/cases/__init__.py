"""One module for each row of the table."""

from __future__ import annotations

from benchmarks.cases import (
    add_data,
    add_dir,
    appends,
    compare_versions,
    dataframe,
    entries_million,
    images_again,
    images_in_order,
    images_write,
    import_wandb,
    join_tables,
    log_scalars,
    million_groups,
    open_latest,
    query_table,
    remote_window,
    scan,
    table_write,
    take_images,
    tiny_query,
    view_windows,
)

CASES = (
    table_write.CASE,
    add_data.CASE,
    dataframe.CASE,
    images_write.CASE,
    images_again.CASE,
    take_images.CASE,
    images_in_order.CASE,
    scan.CASE,
    add_dir.CASE,
    open_latest.CASE,
    appends.CASE,
    entries_million.CASE,
    import_wandb.CASE,
    log_scalars.CASE,
    query_table.CASE,
    view_windows.CASE,
    million_groups.CASE,
    remote_window.CASE,
    tiny_query.CASE,
    join_tables.CASE,
    compare_versions.CASE,
)
"""In the order in which they are printed."""
