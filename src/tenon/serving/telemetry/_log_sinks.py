"""Where sampled requests are written: the contract, and TFRecord files of PredictionLogs."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod

from tenon.formats import RecordWriter
from tenon.serving.telemetry._log_files import LogFile, recover
from tenon.serving.telemetry._log_options import RequestLogOptions
from tenon.serving.telemetry._logged_request import LoggedRequest, prediction_log

TFRECORD = ".tfrecord"


class RecordsLostError(Exception):
    """The file system refused, and some requests will be in no file.

    Args:
        count: how many.
        reason: what the file system said.
    """

    def __init__(self, count: int, reason: OSError) -> None:
        super().__init__(str(reason))
        self.count = count


class LogSink(ABC):
    """Writes one model's requests to files; used by one thread."""

    @abstractmethod
    def write(self, request: LoggedRequest) -> int:
        """Take a request; return how many requests have become safe by it: they are in a file that can be read.

        Raises:
            RecordsLostError: this one is lost, and perhaps others that were taken before.
        """

    @abstractmethod
    def flush(self) -> int:
        """Bring what was taken closer to the disk; return how many requests have become safe by it.

        Raises:
            RecordsLostError: requests that were taken are lost.
        """

    @abstractmethod
    def finish_old(self, now: float) -> int:
        """Finish files that are as old as they may become; return how many requests have become safe by it.

        Args:
            now: the time of ``time.monotonic``.

        Raises:
            RecordsLostError: a file could not be finished.
        """

    @abstractmethod
    def close(self) -> int:
        """Finish every file; return how many requests have become safe by it.

        Raises:
            RecordsLostError: a file could not be finished.
        """


class TfRecordSink(LogSink):
    """Writes PredictionLogs to TFRecord files, each of which can serve as a warm-up file.

    A record is safe once it is flushed: what a killed process left behind under the same prefix is finished first.

    Args:
        options: where, and when to begin a new file.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, options: RequestLogOptions) -> None:
        self._options, self._prefix = options, options.prefix
        recover(self._prefix, TFRECORD)
        self._file: LogFile | None = None
        self._records, self._count = io.BytesIO(), 0

    def write(self, request: LoggedRequest) -> int:
        """Make its record."""
        RecordWriter(self._records).write(prediction_log(request, self._options.sampling_rate))
        self._count += 1
        return 0

    def flush(self) -> int:
        """Append the records that were made, and finish the file if it has become large enough."""
        records, count = self._records.getvalue(), self._count
        self._records, self._count = io.BytesIO(), 0
        if not count:
            return 0
        try:
            if self._file is None:
                self._file = LogFile(self._prefix, TFRECORD)
            self._file.append(records)
        except OSError as error:
            raise RecordsLostError(count, error) from error
        if self._file.size >= self._options.max_file_bytes:
            self._finish()
        return count

    def finish_old(self, now: float) -> int:
        """Finish the file if it is old."""
        if self._file is not None and now - self._file.since >= self._options.max_file_seconds:
            self._finish()
        return 0

    def close(self) -> int:
        """Flush the records and finish the file."""
        count = self.flush()
        self._finish()
        return count

    def _finish(self) -> None:
        """Give the file its name; one without a record goes away."""
        file, self._file = self._file, None
        if file is not None and not file.size:
            file.discard()
        elif file is not None:
            try:
                file.finish()
            except OSError as error:  # the next start finishes it
                raise RecordsLostError(0, error) from error
