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

    A record is safe once it is written: what a killed process left behind under the same prefix is finished first.

    Args:
        options: where, and when to begin a new file.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, options: RequestLogOptions) -> None:
        self._options, self._prefix = options, options.prefix
        recover(self._prefix, TFRECORD)
        self._file: LogFile | None = None

    def write(self, request: LoggedRequest) -> int:
        """Append its record, and finish the file if it has become large enough."""
        record = io.BytesIO()
        RecordWriter(record).write(prediction_log(request, self._options.sampling_rate))
        try:
            if self._file is None:
                self._file = LogFile(self._prefix, TFRECORD)
            self._file.append(record.getvalue())
        except OSError as error:
            raise RecordsLostError(1, error) from error
        if self._file.size >= self._options.max_file_bytes:
            self.close()
        return 1

    def finish_old(self, now: float) -> int:
        """Finish the file if it is old."""
        if self._file is not None and now - self._file.since >= self._options.max_file_seconds:
            self.close()
        return 0

    def close(self) -> int:
        """Finish the file; one without a record goes away."""
        file, self._file = self._file, None
        if file is not None and not file.size:
            file.discard()
        elif file is not None:
            try:
                file.finish()
            except OSError as error:  # the next start finishes it
                raise RecordsLostError(0, error) from error
        return 0
