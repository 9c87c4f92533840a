// Package manifesttest tests the manifests in the documents with the types of Kubernetes. They are large, so that no other
// tests are in this package.
package manifesttest
