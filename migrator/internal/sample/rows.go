package sample

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

func (c *copier) copyTables(ctx context.Context) error {
	for _, t := range c.tables {
		if c.Started != nil {
			c.Started(t.title())
		}
		n, err := c.copyTable(ctx, t)
		if err != nil {
			return err
		}
		if c.copied[t.title()] = n; c.Limit == 0 || n < c.Limit {
			continue
		}
		more, err := c.From.Query(ctx, "SELECT EXISTS (SELECT FROM ONLY "+t.sql()+" OFFSET "+strconv.FormatInt(n, 10)+")")
		if err != nil {
			return reading(t.title(), err)
		}
		if more[0][0].Text == "t" {
			c.leave(Left{Table: t.title(), Reason: Limit, Rows: max(t.rows-n, 0)})
		}
	}
	return nil
}

// copyTable copies the rows of a table from one server to the other as they come, and returns their number.
func (c *copier) copyTable(ctx context.Context, t table) (int64, error) {
	if len(t.columns) == 0 {
		return 0, nil
	}
	var columns []string
	for _, name := range t.columns {
		columns = append(columns, schema.QuoteIdent(name))
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM ONLY " + t.sql()
	if c.Limit > 0 {
		query += " LIMIT " + strconv.FormatInt(c.Limit, 10)
	}
	rows, write := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loaded := make(chan error, 1)
	go func() {
		_, err := c.To.Send(ctx, pg.Message{
			SQL:  "COPY " + t.sql() + " (" + strings.Join(columns, ", ") + ") FROM STDIN",
			Copy: []pg.CopyData{func() (io.ReadCloser, error) { return rows, nil }},
		}, pg.Handler{})
		if err != nil {
			_ = rows.CloseWithError(errStopped)
			cancel()
		}
		loaded <- err
	}()
	var n int64
	stopped := false
	_, err := c.From.Send(ctx, pg.Message{SQL: "COPY (" + query + ") TO STDOUT"}, pg.Handler{CopyOut: func(data []byte) {
		n += int64(bytes.Count(data, []byte("\n"))) // one in a value is escaped
		if !stopped {
			_, err := write.Write(data)
			stopped = err != nil
		}
	}})
	if err == nil {
		_ = write.Close()
	} else {
		_ = write.CloseWithError(errStopped)
	}
	failed := <-loaded
	if se := pg.ServerError(failed); err == nil || se != nil && se.Code != pg.QueryCanceled {
		return n, loading(t.title(), failed)
	}
	return n, reading(t.title(), err)
}

var errStopped = errors.New("the rows have ended early")

// setSequences sets the sequences to where they are in the database.
func (c *copier) setSequences(ctx context.Context) error {
	from, err := c.From.Query(ctx, sequencesQuery)
	if err != nil {
		return reading("", err)
	}
	to, err := c.To.Query(ctx, sequencesQuery)
	if err != nil {
		return loading("", err)
	}
	made := map[string]bool{}
	for _, row := range to {
		made[row[0].Text+"\x00"+row[1].Text] = true
	}
	var names, read []string
	for _, row := range from {
		if row[2].Text == "t" && made[row[0].Text+"\x00"+row[1].Text] {
			name := schema.Qualify(row[0].Text, row[1].Text)
			names = append(names, name)
			read = append(read, "SELECT last_value, is_called FROM "+name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	at, err := c.From.Query(ctx, strings.Join(read, ";\n"))
	if err != nil {
		return reading("", err)
	}
	var set []string
	for i, name := range names {
		set = append(set, "SELECT pg_catalog.setval("+sqltext.QuoteLiteral(name)+"::pg_catalog.regclass, "+strconv.FormatInt(number(at[i][0].Text), 10)+", "+strconv.FormatBool(at[i][1].Text == "t")+")")
	}
	return loading("", c.To.Exec(ctx, strings.Join(set, ";\n")))
}
