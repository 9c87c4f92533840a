package importtest

import (
	_ "embed"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

//go:embed testdata/rails.rb
var railsScript string

// ActiveRecord, without the rest of Rails, migrates a database and writes structure.sql.
func TestRails(t *testing.T) {
	t.Parallel()
	if exec.Command("ruby", "-e", "require 'active_record'; require 'pg'").Run() != nil {
		pgtest.Missing(t, "ActiveRecord is not installed: run scripts/install ruby-activerecord ruby-pg (scripts/test does)")
	}
	dir, theirs := t.TempDir(), database(t)
	write(t, dir, "db/migrate/20240102030405_create_account.rb", "class CreateAccount < ActiveRecord::Migration[6.0]\n  def change\n    create_table :accounts do |t|\n      t.string :name, null: false, default: \"a;b\"\n      t.timestamps\n    end\n    add_index :accounts, :name, unique: true\n  end\nend\n")
	write(t, dir, "db/migrate/20240203040506_keep_history.rb", "class KeepHistory < ActiveRecord::Migration[6.0]\n  def up\n    execute <<~SQL\n      CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$\n      BEGIN\n        RETURN NEW; -- ;\n      END\n      $$;\n      CREATE TRIGGER remember BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION remember();\n    SQL\n  end\nend\n")
	u, err := url.Parse(theirs)
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, "env", "DATABASE_URL="+theirs, "PGHOST="+u.Hostname(), "PGPORT="+u.Port(),
		"PATH="+filepath.Dir(pgtest.Program(t, "pg_dump"))+":/usr/local/bin:/usr/bin:/bin", "ruby", "-e", railsScript)
	im := importFrom(t, "rails", dir)
	contains(t, im.output, "Wrote 1 revision and the map adopt.json to sql.", "There is no down script")
	im.checkRepeatable(t)
	im.checkUp(t, theirs)
}
