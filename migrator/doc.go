// Package migrator upgrades and downgrades PostgreSQL databases with revisions: pairs of
// SQL files that form a graph.
//
//	m, err := migrator.New(files, migrator.Config{})   // files is an embed.FS or any fs.FS
//	cfg, err := pgconn.ParseConfig(os.Getenv("DATABASE_URL"))
//	report, err := m.Up(ctx, cfg)
//
// A [Migrator] is files and settings; it keeps no connection. Each call opens one to the
// database it is given, and closes it at the end. With a pool the configuration is
// &pool.Config().ConnConfig.Config, with a connection of pgx it is &conn.Config().Config;
// package dbenv reads it from the environment.
//
// Files are parsed once, by [Load] or [New]. [Files.Migrator] uses them with other
// settings: another ledger, another search_path, another observer.
//
// # Reading and writing
//
// [Migrator.Up], [Migrator.Down], [Migrator.To], [Migrator.Redo], [Migrator.Stamp],
// [Migrator.Purge], [Migrator.Repair], [Migrator.Adopt] and [Migrator.EnsureLedger] write.
// [Migrator.Plan], [Migrator.Status], [Migrator.Check] and [Migrator.Log] write nothing and
// lock nothing; [Migrator.PlanFrom], [Migrator.EmptyStatus] and [Files.Check] need no
// database.
//
// Each revision is applied in a transaction together with its row in the ledger: it is
// applied exactly when that row exists. A revision with `transaction: off` in its header
// is non-transactional, and an interrupted one continues where it stopped. Any number of
// processes may upgrade one database at once; each revision runs once.
//
// # Errors and events
//
// Every error of this package has a [Kind] and is one of its types: [FilesError],
// [ConfigError], [TargetError], [RefusedError], [PolicyError], [ConnectError],
// [LedgerError], [RevisionError], [LockTimeoutError], [BusyError], [InterruptedError],
// [UnconfirmedError], [UnknownOutcomeError] and [AdoptError]. The server's own error is
// in the chain as a *pgconn.PgError.
//
// The package prints nothing. Config.OnEvent sees what happens; [LogEvents] passes it to
// a slog.Logger.
package migrator
