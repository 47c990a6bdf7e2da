-- The first window of a sorted table: the sort key alone and where its rows are, then those rows whole.
SELECT file_index, file_row_number
FROM read_parquet({paths})
ORDER BY score_3 DESC NULLS LAST, file_index, file_row_number
LIMIT 100
