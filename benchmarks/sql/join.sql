-- Two tables of 5 M rows joined on their key: five columns, in the order of the left table, then of the right.
SELECT l.id AS id, l.guess AS "0.guess", l.score_0 AS "0.score_0", r.guess AS "1.guess", r.score_0 AS "1.score_0"
FROM read_parquet({left}, file_row_number = true, filename = true) AS l
JOIN read_parquet({right}, file_row_number = true, filename = true) AS r ON l.id = r.id
ORDER BY l.filename, l.file_row_number, r.filename, r.file_row_number
