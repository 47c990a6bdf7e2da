SELECT guess, count(*) AS n, {histograms}
FROM read_parquet({paths})
GROUP BY guess
ORDER BY guess
