"""How does a command line become an exit code, without a traceback ever?"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, TextIO

from cmdb.cli.exit_codes import BAD_INPUT, INTERNAL, INTERRUPTED, OK, exit_code_of
from cmdb.errors import CmdbError, Interrupted

DEBUG = "--debug"
_STOPPED = "Stopped. Whatever was acknowledged is kept; run the same command again to go on."


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; messages go to stderr, answers to stdout."""
    _survive_odd_characters(sys.stdout)
    _survive_odd_characters(sys.stderr)
    options = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    is_json = "--json" in options
    try:
        return _run_app(list(arguments))
    except CmdbError as error:
        return _fail(error.code, error.message, exit_code_of(error), error.facts, is_json=is_json)
    except KeyboardInterrupt:
        return _fail(Interrupted.code, _STOPPED, INTERRUPTED, {}, is_json=is_json)
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`). The end of the process closes this.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        return OK
    except Exception as error:
        if hasattr(error, "format_message"):
            return _fail_usage(error, is_json=is_json)
        if type(error).__name__ == "Abort":
            return _fail(Interrupted.code, _STOPPED, INTERRUPTED, {}, is_json=is_json)
        return _fail_unexpected(error, is_json=is_json, is_debug=DEBUG in options)


def _run_app(arguments: list[str]) -> int:
    from cmdb.cli.app import app

    ended = app(args=arguments, prog_name="cmdb", standalone_mode=False)
    sys.stdout.flush()
    code = ended if isinstance(ended, int) else OK
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code


def _fail(code: str, message: str, exit_code: int, facts: dict[str, Any], *, is_json: bool) -> int:
    if is_json:
        from cmdb.cli.output import print_json

        print_json({"error": {"code": code, "message": message, "facts": facts}})
    else:
        print(f"{code}: {message}", file=sys.stderr)
    return exit_code


def _fail_usage(error: Any, *, is_json: bool) -> int:
    message = str(error.format_message())
    if type(error).__name__ == "NoArgsIsHelpError" and not is_json:
        print(message, file=sys.stderr)
        return BAD_INPUT
    context = getattr(error, "ctx", None)
    if context is not None and not is_json:
        message += f" Try `{context.command_path} --help`."
    return _fail("USAGE", message, BAD_INPUT, {}, is_json=is_json)


def _fail_unexpected(error: Exception, *, is_json: bool, is_debug: bool) -> int:
    if is_debug:
        traceback.print_exception(error)
        where = "The trace stands above."
    else:
        where = f"Run it again with {DEBUG} before the command to see the trace."
    message = f"A defect of the program: {type(error).__name__}: {error}. {where}"
    return _fail("INTERNAL", message, INTERNAL, {"type": type(error).__name__}, is_json=is_json)


def _survive_odd_characters(stream: TextIO) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
