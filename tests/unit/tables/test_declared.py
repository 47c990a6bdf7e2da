"""What a column was declared to be holds for rows, arrays and Arrow alike (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import wbtable
from wbtable.errors import TypeMismatchError


# TYPE-10: what a narrower type would make infinite is refused; what is infinite may be.
@pytest.mark.parametrize("narrow", ["float32", "float16"])
def test_numbers_beyond_the_range_of_a_declared_type(narrow: str) -> None:
    greatest = float(np.finfo(narrow).max)
    fine = [greatest, -greatest, None, float("inf"), float("-inf"), greatest * (1 + 1e-9)]
    wanted = [greatest, -greatest, None, float("inf"), float("-inf"), greatest]
    for beyond in (1e300, -greatest * 1.01):
        plain = pa.array([*fine, beyond])
        given = [plain, pa.chunked_array([plain[:3], plain[3:]]), plain.dictionary_encode(), pc.run_end_encode(plain)]
        for values in (*given, pa.StructArray.from_arrays([plain], ["s"])):
            kind = {"s": narrow} if pa.types.is_struct(values.type) else narrow
            with pytest.raises(TypeMismatchError, match=rf'column "x", row 6: .* beyond the range of {narrow}$'):
                wbtable.Table.from_arrow(pa.table({"x": values}), dtype={"x": kind})
        with pytest.raises(TypeMismatchError, match=rf'column "x": .* beyond the range of {narrow}$'):
            wbtable.Table.from_arrow(pa.table({"x": [[beyond]]}), dtype={"x": [narrow]})
        with pytest.raises(TypeMismatchError, match=rf'column "x", row 1: .* beyond the range of {narrow}$'):
            wbtable.Table(columns=["x"], data=np.array([[0.5], [beyond]]), dtype=narrow)
        rows = wbtable.Table(columns=["x"], data=[[value] for value in fine], dtype=narrow)
        for given_value in (beyond, np.float64(beyond), np.longdouble(beyond)):
            with pytest.raises(TypeMismatchError, match=rf'column "x", row 6: .* beyond the range of {narrow}$'):
                rows.add_data(given_value)
        rows.add_data(np.dtype(narrow).type(1))
        assert rows.to_arrow()["x"].to_pylist() == [*wanted, 1.0]
        whole = wbtable.Table.from_arrow(pa.table({"x": plain[:6]}), dtype={"x": narrow})
        assert whole.to_arrow()["x"].to_pylist() == wanted
    with pytest.raises(TypeMismatchError, match="beyond the range of float16"):
        wbtable.Table(columns=["x"], data=[[70_000]], dtype="float16")


def test_mixed_columns_have_no_nanoseconds() -> None:
    moments = pa.array([1_000, 1_001], pa.timestamp("ns"))
    with pytest.raises(TypeMismatchError, match=r'^column "x": timestamp\[ns\]: .*000001001'):
        wbtable.Table.from_arrow(pa.table({"x": moments}).to_reader(), dtype={"x": object})
