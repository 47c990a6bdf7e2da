-- The rows that top.sql found.
SELECT *
FROM read_parquet({paths})
WHERE (file_index, file_row_number) IN (SELECT (file_index, file_row_number) FROM found)
ORDER BY score_3 DESC NULLS LAST, file_index, file_row_number
