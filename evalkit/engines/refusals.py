"""What an engine's refusal means, and what to do about it: told by its kind, never by what it says, which may be somebody's row."""

from __future__ import annotations

import re
from typing import NamedTuple

from evalkit.codes import shown_label

LINE = re.compile(r"CSV Error on Line: ([0-9]+)")
CELLS = re.compile(r"Expected Number of Columns: ([0-9]+) Found: ([0-9]+)")
FILE = re.compile(r"file = (.+)")
NAMED = re.compile(r"""['"]([^'"\n]+[.](?:parquet|csv))['"]""", re.IGNORECASE)
COLUMN = re.compile(r'(?:[Cc]olumn|referenced column|binding) "([^"\n]{1,80})"')
CODES = "是代码的，先用 CAST(… AS VARCHAR)"
KEEP = "先存成 Parquet，再给出文件路径"


class Cause(NamedTuple):
    """What was found, what to do, and by what it is known: names of exceptions, or words in what they say."""

    found: str
    way: str
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


BEYOND = ("out of range for the destination type", "Failed to cast decimal value", "from `decimal[", "from `i128`")
GONE = ("No files found", "No such file", "PATH_NOT_FOUND", "FILE_NOT_EXIST")
TORN = ("magic bytes", "not a parquet file", "not a Parquet file", "too small to be a Parquet", "Invalid Parquet", "footer")
CLOSED = ("Connection already closed", "connection has been closed", "onnection has already been closed")
ENDED = ("SparkContext was shut down", "stopped SparkContext", "SparkSession is stopped", "No active SparkSession", "Connection refused")
OTHERWISE = (
    "ConversionException", "SchemaError", "ComputeError", "InvalidOperationError", "TypeMismatchException", "ArrowInvalid",
    "ArrowTypeError",
)  # fmt: skip
CAUSES = (  # the first that is known by its kind or its words
    Cause("有要用的库没有装", "装 pip install 'evalkit[big]'（Spark、Dask 装 'evalkit[cluster]'）", ("ModuleNotFoundError", "ImportError")),
    Cause("内存不够", "少要几列、几组，或在内存更大的机器上重试", ("MemoryError", "OutOfMemoryException", "OutOfMemoryError")),
    Cause("没有读取的权限", "检查文件的权限，或关闭正在用它的程序", ("PermissionError",)),
    Cause("文件已不在原处", "放回文件，或写出新的路径，重新打开", ("FileNotFoundError",), GONE),
    Cause("磁盘已满", "腾出空间，或把临时文件夹（TMPDIR）设在别的盘上", (), ("No space left", "ENOSPC")),
    Cause("不是 Parquet 文件，或文件不完整", "核对文件，重新复制或重新导出", (), TORN),
    Cause("CSV 的引号不成对", "改正该行，或用表格软件另存为“CSV UTF-8”", (), ("unterminated quote", "state machine")),
    Cause("CSV 有一行读不出", "改正该行，或用表格软件另存为“CSV UTF-8”", (), ("CSV Error on Line",)),
    Cause("连接已经关闭", "重新连接，用新的关系重新建立", ("ConnectionException",), CLOSED),
    Cause("Spark 会话已经停止", "重新建立会话，用新的表重试", (), ENDED),
    Cause("同一张表正由另一个线程读", "一次只问一步，或每个线程各自打开", ("ResourceInUseException",), ("pending query", "another thread")),
    Cause("表或视图已不在引擎中", "重新建立这张表后重试", ("CatalogException",)),
    Cause(
        "引擎认不出一个列名", "列名改成不带点、引号、星号与首尾空格的写法后重试",
        ("ColumnNotFoundError", "ColumnNotFoundException", "BinderException"), ("UNRESOLVED_COLUMN",),
    ),
    Cause("数太大，超出引擎所能记的范围", f"核对这一列的数；{CODES}", (), BEYOND),
    Cause(
        "有的格不是这一列的类型", f"各分区、各文件的同名列应为同一类型；要求和的列应全是数；仍不行的，{KEEP}",
        OTHERWISE, ("CAST_INVALID_INPUT", "mismatch", "could not convert"),
    ),
    Cause("数太大，超出引擎所能记的范围", "核对这一列的数", ("OutOfRangeException",)),
    Cause("引擎没有这一步所要的运算", KEEP, ("NotImplementedError", "NotImplementedException", "AttributeError")),
    Cause("读不到数据", "检查文件、磁盘与网络后重试", ("IOException", "OSError", "HTTPException", "ConnectionError", "TimeoutError")),
)  # fmt: skip
OTHER = Cause("原因不明", f"核对引擎与表（直接用该引擎读一遍）；仍不行的，{KEEP}")


def stopped(found: Exception) -> bool:
    """Say whether an exception is how DuckDB tells Ctrl-C: as a failure of the question."""
    return type(found).__name__ == "InterruptException" or (type(found) is RuntimeError and str(found) == "Query interrupted")


def refusal(found: Exception) -> str:
    """Return what an exception of an engine means: its kind, where it is, what to do.

    Returns
    -------
    str
        Beginning with the kind in brackets; of the words of the exception only the number of a row, how many cells it has, a file
        and a heading.

    Examples
    --------
    >>> refusal(FileNotFoundError("/data/a.parquet"))
    '（FileNotFoundError）：文件已不在原处｜放回文件，或写出新的路径，重新打开'
    """
    kind, said = type(found).__name__, str(found)
    cause = next((each for each in CAUSES if _fits(each, kind, said)), OTHER)
    line, cells, file, column = (form.search(said) for form in (LINE, CELLS, FILE, COLUMN))
    file = file or (None if line else NAMED.search(said))  # what stands in quotes beside a row may be of the row
    where = [
        shown_label(re.split(r"[\\/]", file[1].strip())[-1]) if file else "",
        f"第 {line[1]} 行" if line else "",
        f"应有 {cells[1]} 格，现有 {cells[2]} 格" if cells else "",
        f"列 {shown_label(column[1])}" if column and not line else "",
    ]
    told = "，".join(filter(None, where))
    return f"（{kind}）：{cause.found}{f'（{told}）' if told else ''}｜{cause.way}"


def _fits(cause: Cause, kind: str, said: str) -> bool:
    return kind in cause.kinds or any(word in said for word in cause.words)
