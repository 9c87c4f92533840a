"""Prints an Alembic project as JSON: its revisions, each with its two scripts as SQL.

    python alembic.py CONFIG [KEY=VALUE...]

The SQL is that of Alembic's offline mode (upgrade --sql): env.py runs once, and what every
upgrade() and downgrade() executes is recorded instead of written to a file.
"""

import argparse
import io
import json
import os
import sys
import traceback

# Output of env.py and the migrations goes to standard error.
result = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
if sys.path[0] == "":
    del sys.path[0]  # a folder alembic/ with __init__.py would hide the package

import sqlalchemy  # noqa: E402
from alembic import util  # noqa: E402
from alembic.config import Config  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from alembic.script import ScriptDirectory  # noqa: E402
from sqlalchemy.schema import DDLElement  # noqa: E402
from sqlalchemy.sql import Insert  # noqa: E402
from sqlalchemy.sql.elements import TextClause  # noqa: E402


def patch_environment(environment):
    """Makes Alembic write % unchanged. Returns the arguments that env.py passes to migrations."""
    configure, run_migrations = environment.configure, environment.run_migrations
    arguments = {}

    def patched_configure(*args, **kw):
        kw["dialect_opts"] = {"paramstyle": "named", **(kw.get("dialect_opts") or {})}
        kw.pop("output_encoding", None)
        return configure(*args, **kw)

    def patched_run_migrations(**kw):
        arguments.update(kw)
        return run_migrations()

    # alembic.context calls the methods of this instance, so a subclass would not work.
    environment.configure, environment.run_migrations = patched_configure, patched_run_migrations
    return arguments


class Recorder:
    """Records what a migration executes."""

    def __init__(self, context):
        self.context = context
        self.events = []
        dialect = context.dialect
        # Without a connection the dialect would escape backslashes, and double % for a driver.
        dialect._backslash_escapes = False
        dialect.identifier_preparer._double_percents = False
        impl = context.impl
        impl._exec = self.execute
        impl.static_output = self.write
        impl.emit_begin = lambda: self.events.append({"begin": True})
        impl.emit_commit = lambda: self.events.append({"commit": True})
        if impl.connection is not None:
            impl.connection.execute = self.bound

    def write(self, sql):
        sql = sql.strip()
        if sql and not sql.endswith(";"):
            # A semicolon after a comment would be part of it.
            sql += "\n;" if "--" in sql.splitlines()[-1] else ";"
        self.events.append({"sql": sql})

    def execute(self, construct, options=None, multiparams=None, params=None, **kw):
        for values in rows(params or multiparams):
            self.compile(construct, values)

    def bound(self, construct, *args, **kw):
        for values in rows(kw or (args[0] if len(args) == 1 else args)):
            self.compile(construct, values)

    def compile(self, construct, values):
        if isinstance(construct, str):
            construct = sqlalchemy.text(construct)
        if values and isinstance(construct, Insert):
            construct = construct.values(**values)
        elif values and isinstance(construct, TextClause):
            construct = construct.bindparams(**values)
        elif values:
            construct = construct.params(**values)
        literal = {} if isinstance(construct, DDLElement) else {"compile_kwargs": {"literal_binds": True}}
        self.write(str(construct.compile(dialect=self.context.dialect, **literal)))

    def record(self, script, function, arguments):
        if function is None:
            return None
        self.events = []
        try:
            function(**arguments)
        except Exception as error:
            lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == script.path]
            text = "".join(traceback.format_exception_only(type(error), error)).splitlines()[0]
            return {"events": self.events, "error": text, "line": lines[-1] if lines else 0}
        return {"events": self.events}


def rows(parameters):
    if not parameters:
        return [None]
    return [parameters] if isinstance(parameters, dict) else parameters


def main(config_file, extra):
    config = Config(config_file, output_buffer=io.StringIO(), cmd_opts=argparse.Namespace(x=extra))
    scripts = ScriptDirectory.from_config(config)
    revisions, runs = [], []

    def collect(heads, context):
        runs.append(context)
        if len(runs) > 1:
            raise util.CommandError("env.py migrates several databases; only one is supported")
        recorder = Recorder(context)
        for script in reversed(list(scripts.walk_revisions())):
            module = script.module
            revisions.append({
                "id": script.revision,
                "down": util.to_tuple(script.down_revision, default=()),
                "depends_on": [scripts.get_revision(d).revision for d in util.to_tuple(script.dependencies, default=())],
                "labels": util.to_tuple(getattr(module, "branch_labels", None), default=()),
                "doc": module.__doc__ or "",
                "path": os.path.relpath(script.path),
                "up": recorder.record(script, getattr(module, "upgrade", None), arguments),
                "downgrade": recorder.record(script, getattr(module, "downgrade", None), arguments),
            })
        recorder.events = []
        return ()

    environment = EnvironmentContext(config, scripts, fn=collect, as_sql=True)
    arguments = patch_environment(environment)
    with environment:
        scripts.run_env()
    if not runs:
        raise util.CommandError("env.py does not run migrations in offline mode (--sql)")
    context = runs[0]
    if context.dialect.name != "postgresql":
        raise util.CommandError("the project is for %s, not PostgreSQL" % context.dialect.name)
    json.dump({
        "table": context.version_table,
        "schema": context.version_table_schema or "",
        "revisions": revisions,
    }, result)
    result.close()


try:
    main(sys.argv[1], sys.argv[2:])
except util.CommandError as failure:
    sys.exit(str(failure))
