SELECT id, guess, truth, score_0, name
FROM read_parquet({paths})
WHERE guess != truth AND score_0 > 0.3
