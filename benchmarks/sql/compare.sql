-- What a comparison counts, by a full join of all columns: rows of one side only, and changes by column.
SELECT
    count(*) FILTER (WHERE l.id IS NULL) AS added,
    count(*) FILTER (WHERE r.id IS NULL) AS removed,
    {changes},
    count(*) FILTER (WHERE l.id IS NOT NULL AND r.id IS NOT NULL AND ({any})) AS changed
FROM read_parquet({left}) AS l
FULL JOIN read_parquet({right}) AS r ON l.id = r.id
