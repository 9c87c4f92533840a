package main

import "embed"

// files are the revisions, in folders of any depth. The pattern names the folder, not
// *.sql: that would miss the folders below, take files beginning with . or _ (an
// editor's), and break the build while there is no revision. sql/README.md keeps the
// folder from being empty, which would break it too.
//
//go:embed sql
var files embed.FS
