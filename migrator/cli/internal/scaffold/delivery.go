package scaffold

import (
	"strings"

	"example.com/ambix/migrator/revision"
)

// What a project needs besides the program: a README, a database for development, CI, a Job. In the templates <name> is the
// name of the project, and <database> that of its database.

// extras returns the files that a project may have already.
func (p *Project) extras() []revision.Source {
	return p.below([]revision.Source{
		{File: "README.md", Text: p.fill(projectReadme)},
		{File: "compose.yaml", Text: p.fill(composeText)},
		{File: "job.yaml", Text: p.fill(jobText)},
		{File: ".github/workflows/ci.yml", Text: p.fill(workflowText)},
	})
}

func (p *Project) fill(template string) string {
	note := ""
	if p.checkout != nil {
		note = replaceNote
	}
	return strings.NewReplacer("<name>", p.name, "<database>", strings.ReplaceAll(p.name, "-", "_"), "'''", "```", "''", "`").Replace(strings.Replace(template, "<replace>", note, 1))
}

const projectReadme = `# <name>

The revisions of the database, in ''sql/'', and the program that applies them.

'''sh
docker compose up -d database     # or any PostgreSQL
export DATABASE_URL=postgres://postgres:development@127.0.0.1:5432/<database>
go run . migrate revision -m "create account table"    # then write the SQL in the new files
go run . migrate up
go run . migrate status
'''

- **Tests**: ''go test ./...'' applies every revision, reverts it and applies it again, on the server of ''TEST_DATABASE_URL'' or on the PostgreSQL that is installed.
- **Review**: ''go run . migrate rehearse'' shows what pending revisions lock, rewrite and destroy. [ci.yml](.github/workflows/ci.yml) runs both for every change.
- **Image**: ''docker build --build-arg VERSION=1.4.0 -t <name>-migrations:1.4.0 .'' builds an image that runs ''migrate up''. ''docker compose up --build --exit-code-from migrate''
  tries it; [job.yaml](job.yaml) runs it in a cluster.
<replace>`

// replaceNote is for a project that builds with a checkout of this module.
const replaceNote = `
go.mod builds with a checkout of ` + ModulePath + ` on this machine. Other machines need the checkout at the same place, or ''go mod vendor'', until
the line that begins with ''replace'' is removed.
`

const composeText = `# docker compose up -d database: a database for development.
# docker compose up --build --exit-code-from migrate: migrates it with the image.
services:
  database:
    image: postgres:18
    environment:
      POSTGRES_DB: <database>
      POSTGRES_PASSWORD: development
    ports: ["127.0.0.1:5432:5432"]
  migrate:
    build:
      context: .
      args: {VERSION: development}
    environment:
      DB_HOST: database
      DB_NAME: <database>
      DB_USER: postgres
      DB_PASS: development
    depends_on: [database] # the program waits until the server is ready
`

const workflowText = `name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  migrations:
    runs-on: ubuntu-latest
    services:
      postgres:
        image: postgres:18 # the version in production
        env: {POSTGRES_PASSWORD: development}
        ports: ["5432:5432"]
        options: --health-cmd pg_isready --health-interval 1s --health-retries 60
    env:
      TEST_DATABASE_URL: postgres://postgres:development@127.0.0.1:5432/postgres
      MIGRATE_SCRATCH_URL: postgres://postgres:development@127.0.0.1:5432/postgres
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {go-version-file: go.mod}
      - run: go vet ./...
      - run: go test ./...
      - run: go run . migrate check --offline
      # What a revision locks, rewrites or destroys is shown next to its lines in the change.
      - run: go run . migrate rehearse --format github
`

const jobText = `# Migrates the database of a cluster before a deployment. A job cannot be changed: each version has its own name.
# The secret <name>-db has the password under the key "password".
apiVersion: batch/v1
kind: Job
metadata: {name: <name>-migrations-1-4-0}
spec:
  backoffLimit: 10
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions: [{type: DisruptionTarget}]
      - action: FailJob
        onExitCodes: {containerName: migrate, operator: In, values: [1, 2, 4, 7]}
      - action: Count
        onExitCodes: {containerName: migrate, operator: In, values: [5, 6, 8]}
  template:
    spec:
      restartPolicy: Never
      volumes:
        - name: database
          secret: {secretName: <name>-db}
      containers:
        - name: migrate
          image: <name>-migrations:1.4.0
          env:
            - {name: DB_HOST, value: <name>-db}
            - {name: DB_NAME, value: <database>}
            - {name: DB_USER, value: postgres}
            - {name: DB_PASS_FILE, value: /secrets/password}
          volumeMounts:
            - {name: database, mountPath: /secrets, readOnly: true}
          securityContext:
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
`

const testText = `package main

import (
	"testing"

	"` + ModulePath + `/migrator/migratortest"
)

// TestRevisions applies every revision, reverts it and applies it again, each as a subtest. It needs PostgreSQL: the server of
// TEST_DATABASE_URL, or an installed one.
func TestRevisions(t *testing.T) {
	migratortest.Rehearse(t, files)
}
`
