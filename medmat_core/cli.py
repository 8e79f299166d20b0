"""The command ``medmat``: one small module a command, imported when it is called."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from typing import Any, Final

import click

from medmat_core import __version__, stopping, unread
from medmat_core.errors import MedmatError, UsageError
from medmat_core.shown import shown

_LONGEST: Final = 4000
_GRACE: Final = 5.0
_SAYING = threading.Lock()


class Commands(click.Group):
    """The commands of all plugins, medmat's own first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.own(ctx), *self.added(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from medmat_core.commands import catalog_of
        from medmat_core.lazy import LazyCommand

        command = catalog_of(ctx).commands().get(cmd_name)
        ctx.ensure_object(dict)["command"] = cmd_name
        return command.load() if isinstance(command, LazyCommand) else command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in (("Commands", self.own(ctx)), ("Commands of plugins", self.added(ctx))):
            if commands:
                with formatter.section(title):
                    formatter.write_dl([(name, told.get_short_help_str(100)) for name, told in commands.items()])

    def own(self, ctx: click.Context) -> dict[str, click.Command]:
        """medmat's own commands."""
        from medmat_core.builtin import medmat_commands

        return {command.name: command for command in medmat_commands() if command.name is not None}

    def added(self, ctx: click.Context) -> dict[str, click.Command]:
        """The commands that plugins add, by name."""
        from medmat_core.commands import catalog_of

        try:
            commands = catalog_of(ctx).commands()
        except MedmatError as error:  # help is there for whoever mends this
            _tell(str(error))
            return {}
        own = self.own(ctx)
        return {name: commands[name] for name in sorted(commands) if name not in own}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `medmat demo`. Exit codes: 0 done; 1 done, but some inputs were refused; "
    "2 bad arguments or nothing to do; 3 internal error, full disk, or a plugin that failed.",
)
@click.version_option(__version__, prog_name="medmat")
@click.option(
    "--disable",
    multiple=True,
    is_eager=True,
    metavar="PLUGIN",
    help="Leave a plugin out (entry point or package name; repeatable).",
)
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.pass_context
def cli(ctx: click.Context, disable: tuple[str, ...], debug: bool) -> None:
    """Turn public medical image data sets, as they lie on your disk, into visual question answering records."""
    ctx.ensure_object(dict)["debug"] = debug


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    given = arguments if arguments is not None else sys.argv[1:]
    state: dict[str, Any] = {"alone": True}
    # libraries break where they find no room for threads, and --jobs says how many there are
    for threads in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(threads, "1")
    gc.set_threshold(50_000)  # a tenth of the time of a start-up goes into looking for garbage that is not there
    unread.let_go()
    stopping.handle(lambda: _last_words(given, state))
    code = run(given, state)
    if stopping.asked():
        stopping.leave(code)
    with contextlib.suppress(RuntimeError):
        threading.Thread(target=_leave_soon, args=(code,), daemon=True).start()
    gc.freeze()  # else the interpreter looks for garbage in all of this, more than once, before it ends
    sys.exit(code)


def _leave_soon(code: int) -> None:
    """All is done; what a plugin left running must not keep the process from its end."""
    threading.Event().wait(_GRACE)
    stopping.leave(code)


def run(arguments: list[str], state: dict[str, Any] | None = None) -> int:
    """Run the command line; returns the exit code. ``state`` is what the commands share: ``catalog``, where it is
    loaded already."""
    state = state if state is not None else {}
    try:
        result = cli.main(args=arguments, prog_name="medmat", standalone_mode=False, obj=state)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except stopping.Stopped as stop:
        _last_words(arguments, state)
        return stop.exit_code
    except click.Abort:
        _last_words(arguments, state)
        return 130
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # no command at all: its message is the help
            error.show()
        else:
            _tell(f"{error.format_message().rstrip('.')}; {_hint(error)}")
        return 2
    except MedmatError as error:
        _debug(state)
        if str(error) not in _tell_failed(state):  # what failed before may be why
            _tell(str(error))
        return error.exit_code
    except SystemExit:  # a plugin's command ends as it likes
        raise
    except BaseException as error:
        _debug(state)
        if isinstance(error, Exception) and stopping.asked():  # what broke because all is ending
            _last_words(arguments, state)
            return stopping.exit_code()
        owner = _stranger(state)
        if owner:
            _tell(f"{owner} failed: {type(error).__name__}: {error}")
            return 3
        if not isinstance(error, Exception):
            raise
        if isinstance(error, OSError):
            _tell(_unwritten(error))
            return 3
        if isinstance(error, MemoryError):
            _tell("there is not enough memory; go on with --resume, perhaps with fewer --jobs")
            return 3
        what = f"{type(error).__name__}: {error}"
        place = _plugins_place(error, state)
        if place:
            _tell(f"a plugin failed: {what} ({place}); report it to its authors, or leave it out with --disable")
            return 3
        _tell(f"internal error: {what}; run again with `medmat --debug ...` and report it")
        return 3


def _unwritten(error: OSError) -> str:
    """What to tell of a file that can be neither read nor written."""
    from medmat_core.fileio import failed

    if error.filename is None:
        return f"{error.strerror or error}; run again with `medmat --debug ...` to see where"
    return f"{failed(error.filename, error)}".replace("another --out or", "another folder or")


def _plugins_place(error: Exception, state: dict[str, Any]) -> str:
    """File and line of the plugin's code that an exception comes from; "" where it is medmat's own."""
    from medmat_core.blame import place_of

    modules = state["catalog"].modules if "catalog" in state else ()
    packages = {module.partition(".")[0] for module in modules} - {"medmat_core"}
    return place_of(error, packages) if packages else ""


def _tell(message: str) -> None:
    """An error is one line, and no longer than anybody would read."""
    click.echo("medmat: " + shown(" ".join(message[:_LONGEST].split())), err=True)


def _tell_failed(state: dict[str, Any]) -> list[str]:
    """Tell the plugins that failed and were not told so far; what was told of them."""
    failed = [str(plugin) for plugin in state["catalog"].failed] if "catalog" in state else []
    for plugin in failed[state.get("told", 0) :]:
        _tell(plugin)
    return failed


def _last_words(arguments: list[str], state: dict[str, Any]) -> None:
    """Say once that it was stopped, and how to go on."""
    with _SAYING:  # the thread that ends all has to wait until the words are out
        if state.get("stopped"):
            return
        said = "stopped"
        if state.get("resumes"):
            import shlex

            own = [word for word in arguments if word != "--resume"]
            end = own.index("--") if "--" in own else len(own)
            said += "; go on with: " + shown(shlex.join(["medmat", *own[:end], "--resume", *own[end:]]))
        click.echo(f"medmat: {said}", err=True)
        state["stopped"] = True


def _stranger(state: dict[str, Any]) -> str:
    """The plugin whose command is running; "" where it is medmat's own."""
    from medmat_core.plugins import CORE

    name, catalog = state.get("command", ""), state.get("catalog")
    owner = catalog.commands().owners.get(name, CORE) if catalog is not None and name else CORE
    return "" if owner == CORE else f"plugin {owner} in its command {name!r}"


def _debug(state: dict[str, Any]) -> None:
    """With ``--debug``, the traceback of the error at hand."""
    if state.get("debug"):
        import traceback

        click.echo(traceback.format_exc(), err=True)


def _hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path if context is not None else 'medmat'} --help`"


__all__ = ["UsageError", "cli", "main", "run"]
