"""Reads one question's export as CSV, NDJSON and Parquet; all three must say the same.

Prints the number of rows, the columns, and the row groups of the Parquet file.
"""

import csv
import io
import json
import sys
import urllib.request

import pyarrow.parquet as parquet

url = sys.argv[1]


def read(format, media_type):
    with urllib.request.urlopen(f"{url}&format={format}") as answer:
        assert answer.headers["content-type"] == media_type, answer.headers
        assert f".{format}" in answer.headers["content-disposition"], answer.headers
        return answer.read()


lines = read("ndjson", "application/x-ndjson").decode().splitlines()
rows = [json.loads(line) for line in lines]
text = read("csv", "text/csv").decode()
table = list(csv.DictReader(io.StringIO(text, newline="")))
file = parquet.ParquetFile(io.BytesIO(read("parquet", "application/vnd.apache.parquet")))
columns = file.schema_arrow.names
assert text.split("\r\n", 1)[0].split(",") == columns
unknown = set().union(*rows) - set(columns)
assert not unknown, f"no column for {unknown}"
assert len(table) == len(rows) == file.metadata.num_rows

whole = file.read()
for n, field in enumerate(file.schema_arrow):
    if field.name == "start_unix_ns":
        assert str(field.type) == "timestamp[ns, tz=UTC]", field
        # Python's own times have no nanoseconds.
        whole = whole.set_column(n, field.name, whole[field.name].cast("int64"))
batch = whole.to_pydict()

for n, row in enumerate(rows):
    for column in columns:
        value, cell, typed = row.get(column), table[n][column], batch[column][n]
        if isinstance(value, dict):
            assert json.loads(cell) == json.loads(typed) == value, (n, column)
            continue
        assert typed == value, (n, column, typed, value)
        if value is None:
            assert cell == "", (n, column, cell)
        elif isinstance(value, str):
            guard = "'" if value[:1] in ("=", "+", "-", "@") else ""
            assert cell == guard + value, (n, column, cell)
        else:
            assert json.loads(cell) == value, (n, column, cell)

groups = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
print(json.dumps({"rows": len(rows), "columns": columns, "groups": groups}))
