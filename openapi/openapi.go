// Package openapi holds the description of callbook's HTTP interface: the
// document that the server serves, and that the tests hold its answers against.
package openapi

import _ "embed"

// Document is the OpenAPI 3.1 description of every route, in YAML, as it is
// served at /openapi.yaml. It is shared: treat it as read-only.
//
//go:embed openapi.yaml
var Document []byte
