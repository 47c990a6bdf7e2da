"""Tables one after another: what their columns become (spec: 17-comparison, CMP-9)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wbtable.errors import UsageError
from wbtable.tables.compare import compare
from wbtable.tables.table import Table


# CMP-9, TYPE-9: units of time widen exactly or are refused; beside another type, what mixed values cannot hold is, too.
def test_concatenation_of_times_of_several_units() -> None:
    def times(kind: pa.DataType, *values: int | None) -> Table:
        return Table.from_arrow(pa.table({"at": pa.array(values, kind)}))

    for make, far in ((pa.timestamp, 10**10), (pa.duration, 10**10)):
        both = compare([times(make("s"), 1, None, -5), times(make("ns"), 7)], mode="concat")
        assert both.to_arrow()["at"].cast(pa.int64()).to_pylist() == [10**9, None, -5 * 10**9, 7]
        with pytest.raises(UsageError, match=r'part 0, column "at".*out of bounds'):
            compare([times(make("s"), far), times(make("ns"), 7)], mode="concat").to_arrow()
    mixed = compare([times(pa.date32(), 5), times(pa.timestamp("ns"), 7000)], mode="concat")
    assert [kind for kind, _ in mixed.conflicts[0].types] == ["date", "timestamp[ns]"]
    assert mixed.to_arrow()["at"].to_pylist()[1] == '{"$type":"datetime","value":"1970-01-01T00:00:00.000007"}'
    exact = compare([times(pa.date32(), 5), times(pa.timestamp("ns"), 7)], mode="concat")
    for read in (exact.to_arrow, exact.view(sort="_table desc").to_arrow, exact.to_pandas):
        with pytest.raises(UsageError, match=r'part 1, column "at".*000007.*give the tables one type'):
            read()
    assert exact.to_arrow(["_table"]).num_rows == 2
