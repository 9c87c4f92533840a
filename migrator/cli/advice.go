package cli

import (
	"errors"
	"strconv"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
)

// message returns the text of an error, and what to type: errors of package migrator state
// facts, because a program that is not a command line has no flags.
func message(err error) string {
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		shown := *e
		shown.Verb = commandFor(e)
		return shown.Error() + targetAdvice(e)
	}
	if advice := adviceFor(err); advice != "" {
		return err.Error() + "; " + advice
	}
	return err.Error()
}

// adviceFor returns what to do about an error, or "".
func adviceFor(err error) string {
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		return connectAdvice(e)
	}
	if e, ok := errors.AsType[*migrator.RefusedError](err); ok {
		return refusedAdvice(e)
	}
	if e, ok := errors.AsType[*migrator.PolicyError](err); ok {
		return policyAdvice(e)
	}
	if e, ok := errors.AsType[*migrator.AdoptError](err); ok {
		return adoptAdvice(e)
	}
	if e, ok := errors.AsType[*migrator.LedgerError](err); ok {
		switch e.Problem {
		case migrator.LedgerElsewhere:
			return "use --ledger " + e.Others[0] + ", or --ledger with another name for a separate set of revisions"
		case migrator.LedgerInvalid:
			return "find out who changed it, and restore the row from a backup"
		case migrator.LedgerUntrusted:
			return "if " + e.Owner + " may run anything as " + e.Role + ", --ledger-owner " + terminal.Quote(e.Owner) + " trusts it; `check` shows triggers"
		case migrator.LedgerNewer:
			return "use a newer program"
		}
	}
	switch {
	case is[*migrator.UnconfirmedError](err):
		return "check the standbys, then run the same command again"
	case is[*migrator.UnknownOutcomeError](err):
		return "run the same command again"
	case is[*migrator.BusyError](err):
		return "run again when it has ended, or wait longer with --wait-runner"
	case is[*migrator.LockTimeoutError](err):
		return "safe to run again"
	}
	return ""
}

func policyAdvice(e *migrator.PolicyError) string {
	switch {
	case e.Policy == "ahead" && len(e.Pending) == 0:
		return "--ahead=auto allows that"
	case e.Policy == "ahead":
		return "build a program that has both, or apply them anyway with --ahead=ok"
	case e.Policy == "changed":
		return "see `status`, or allow it with --changed=ok"
	}
	return "if they may run late, --out-of-order=ok applies them now"
}

func refusedAdvice(e *migrator.RefusedError) string {
	decide := "`repair " + e.Revision + " --applied` or `repair " + e.Revision + " --not-applied`"
	switch e.Reason {
	case migrator.RefusedIrreversible:
		if e.File == "" {
			return "the ledger has no down script for it either"
		}
		return "create " + e.File + " (without SQL if there is nothing to revert)"
	case migrator.RefusedUnfinished:
		if e.Finish == nil {
			return "finish it with the program that started it, or check what it did and record its outcome: " + decide
		}
		return "finish it with `" + strings.Join(e.Finish, " ") + "`, or record its outcome: " + decide
	case migrator.RefusedPooler:
		return "DB_HOST and DB_PORT must be those of PostgreSQL, not of the pooler"
	case migrator.RefusedSingleTransaction:
		return "run without --single-transaction"
	case migrator.RefusedFileModified:
		return "alternatively, record its outcome: " + decide
	case migrator.RefusedUnknownOutcome:
		return "check whether it took effect, record that with " + decide + ", and run again"
	case migrator.RefusedIndexBuild:
		return "run again when it has ended"
	}
	return ""
}

func adoptAdvice(e *migrator.AdoptError) string {
	switch e.Problem {
	case migrator.AdoptAlready:
		return "see `status`"
	case migrator.AdoptNoTable:
		if e.Table != "" {
			return ""
		}
		advice := "name it with --table, or, for a database that no tool migrated, use --baseline REV"
		if len(e.Tables) > 0 {
			advice = "--tool selects another tool; " + advice
		}
		return advice
	case migrator.AdoptSeveralTables:
		return "select one with --tool and --table"
	}
	return ""
}

// flagHint returns what a flag can do about a failed revision, as a line like those of the
// server, or "".
func flagHint(e *migrator.RevisionError) string {
	switch {
	case e.Undecided:
		return "HINT: `repair " + e.Revision + " --applied` or `repair " + e.Revision + " --not-applied` records it\n"
	case e.Hint == "":
		return ""
	case strings.Contains(e.Hint, "drop the schema"):
		return "HINT: --ledger SCHEMA.PREFIX selects another schema for the ledger\n"
	case e.SQLState == "55P03":
		return "HINT: --lock-timeout applies to every revision that has none in its header\n"
	case e.SQLState == "57014" && strings.Contains(e.Hint, "longer"):
		return "HINT: --statement-timeout applies to every revision that has none in its header\n"
	case e.SQLState == "42501":
		return "HINT: --role ROLE runs revisions as another role, such as the owner\n"
	}
	return ""
}

// connectAdvice returns how to make a database reachable.
func connectAdvice(e *migrator.ConnectError) string {
	if e.Hint != "" {
		return e.Hint
	}
	quote := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	db, user := quote(e.Database), quote(e.User)
	switch e.Problem {
	case migrator.ConnectRefused, migrator.ConnectUnreachable:
		return "is the server running there? --wait 60s waits for it"
	case migrator.ConnectUnknownHost:
		return "check DB_HOST, or wait for the name with --wait 60s"
	case migrator.ConnectStartingUp:
		return "--wait 60s waits for it"
	case migrator.ConnectWrongPassword:
		if e.NoPassword {
			return "no password is set: set DB_PASS, or DB_PASS_FILE to a file that contains it"
		}
		return "check DB_USER and DB_PASS, or set a new password: ALTER ROLE " + user + " PASSWORD '…'"
	case migrator.ConnectNoRole:
		return "check DB_USER, or create the role: CREATE ROLE " + user + " LOGIN PASSWORD '…'"
	case migrator.ConnectNoDatabase:
		return "create it: CREATE DATABASE " + db + " OWNER " + user
	case migrator.ConnectNoAccess:
		return "allow the role to connect: GRANT CONNECT ON DATABASE " + db + " TO " + user + ", and add an entry to pg_hba.conf"
	case migrator.ConnectBadSetting:
		return "remove the setting from the URL or from PGOPTIONS"
	case migrator.ConnectLimit:
		return "--wait 60s waits for a free connection"
	case migrator.ConnectTLS:
		if strings.Contains(e.Error(), "unknown authority") || strings.Contains(e.Error(), "system roots") {
			return "set DB_SSLROOTCERT to the root certificate of the authority that signed the server's certificate; an image built from scratch trusts the authorities in /etc/ssl/certs/ca-certificates.crt if that file was copied into it"
		}
		return "check DB_SSLMODE and DB_SSLROOTCERT"
	case migrator.ConnectReadOnly:
		if strings.Contains(e.Error(), "default_transaction_read_only") {
			return "it is set for the server, the database or the role; to change it for the role: ALTER ROLE " + user + " IN DATABASE " + db + " SET default_transaction_read_only = off"
		}
		return "migrations must run on the primary: check DB_HOST, or add target_session_attrs=read-write"
	}
	return ""
}

// commandFor returns the words that precede the target on the command line.
func commandFor(e *migrator.TargetError) migrator.Verb {
	switch e.Verb {
	case "history":
		return "history -r"
	case "from":
		return "--from"
	case "adopt":
		return "adopt --baseline"
	}
	return e.Verb
}

// targetAdvice returns what to type instead of a refused target, "" if nothing is known.
func targetAdvice(e *migrator.TargetError) string {
	commands := make([]string, len(e.Choices))
	for i, c := range e.Choices {
		commands[i] = asCommand(e, c)
	}
	or := func(list []string) string { return text.List(list, "or") }
	last := len(commands) - 1
	switch {
	case e.Problem == graph.AmbiguousPrefix:
		return "; type more of it"
	case e.Problem == graph.WrongDirection && e.Verb == migrator.Up:
		return `; type "down ` + e.Target + `"`
	case e.Problem == graph.WrongDirection:
		return `; type "up ` + e.Target + `"`
	case e.Problem == graph.RangeNotAllowed:
		return "; ranges are for history -r and --sql: type " + asCommand(e, e.Example)
	case e.Example != "":
		return ", as in " + asCommand(e, e.Example)
	case last < 0:
		return ""
	case e.Problem == graph.BranchBase && e.Verb == migrator.To:
		return "; type " + commands[0] + `, or "down ` + e.Target + `" for the branch only`
	case e.Problem == graph.NothingOnBranch && last == 0:
		return "; type " + commands[0] + " to revert it too"
	case e.Problem == graph.MultipleHeads && strings.HasSuffix(e.Choices[0], "heads"):
		advice := "; type " + commands[0] + " for all, " + or(commands[1:]) + " for one"
		if e.Choices[0] == "heads" && e.Verb == migrator.Up && len(e.Revisions) <= text.MaxListed {
			advice += `, or "merge ` + strings.Join(e.Revisions, " ") + `" to join them`
		}
		return advice
	case last > 0 && strings.Contains(e.Choices[last], " "):
		return "; type " + or(commands[:last]) + ", or " + commands[last] + " for the state before the merge"
	}
	return "; type " + or(commands)
}

// asCommand quotes a command line with this target.
func asCommand(e *migrator.TargetError, target string) string {
	verb := string(commandFor(e))
	if strings.Contains(target, ":") && e.Verb != "history" {
		verb += " --sql"
	}
	return strconv.Quote(verb + " " + target)
}
