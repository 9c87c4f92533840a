package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInconsistentRevisionsAreReported(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, test := range []struct {
		name, graph string
		want        []string // kind id key word [path]: text
	}{
		{"nothing", "", nil},
		{"every character", "aZ09_.; b < aZ09_.", nil},
		{"longest id", long, nil},
		{"too long id", long + "a", []string{
			"bad-length " + long + "a revision " + long + `a: id "` + long + `a": 65 characters, but at most 64 are allowed`,
		}},
		{"characters used in targets", "a@b; c-d; e:f; g+h; ü", []string{
			`bad-character a@b revision a@b: id "a@b": forbidden character '@': only A-Z a-z 0-9 _ and . are allowed`,
			`bad-character c-d revision c-d: id "c-d": forbidden character '-': only A-Z a-z 0-9 _ and . are allowed`,
			`bad-character e:f revision e:f: id "e:f": forbidden character ':': only A-Z a-z 0-9 _ and . are allowed`,
			`bad-character g+h revision g+h: id "g+h": forbidden character '+': only A-Z a-z 0-9 _ and . are allowed`,
			`bad-character ü revision ü: id "ü": forbidden character 'ü': only A-Z a-z 0-9 _ and . are allowed`,
		}},
		{"reserved words", "head; base # current", []string{
			`reserved-word base branch_labels current: label "current": reserved word: head, heads, base and current have a special meaning`,
			`reserved-word base revision base: id "base": reserved word: head, heads, base and current have a special meaning`,
			`reserved-word head revision head: id "head": reserved word: head, heads, base and current have a special meaning`,
		}},
		{"names that begin with a reserved word", "header; basement < header # currently", nil},
		{"one id twice", "a; b < a; b < a; c < b", []string{"duplicate-id b revision b: 2 revisions have the id b"}},
		{"one id three times, with all their other problems", "a; b < x; b < y; b", []string{
			"missing-revision b down_revision x: revision x does not exist",
			"missing-revision b down_revision y: revision y does not exist",
			"duplicate-id b revision b: 3 revisions have the id b",
		}},
		{"one label twice", "a # x; b < a # x; c # x y; d # y", []string{
			"duplicate-label b branch_labels x [a b c]: label x is already used by a and c",
			"duplicate-label c branch_labels x [a b c]: label x is already used by a and b",
			"duplicate-label d branch_labels y [c d]: label y is already used by c",
		}},
		{"one label twice in one revision", "a # x x", []string{"duplicate-label a branch_labels x: label x is listed twice"}},
		{"a label that is an id", "a # b; b; c # c", []string{
			"label-is-id a branch_labels b: label b is also the id of a revision",
			"label-is-id c branch_labels c: label c is also the id of a revision",
		}},
		{"missing", "433af9f41996; b < 433af9f41969 * nothing # cart; c * carts; d < cart; e < base", []string{
			"missing-revision b depends_on nothing: no revision or label \"nothing\"",
			"missing-revision b down_revision 433af9f41969: revision 433af9f41969 does not exist; did you mean 433af9f41996?",
			"missing-revision c depends_on carts: no revision or label \"carts\"; did you mean cart?",
			"missing-revision d down_revision cart: cart is a label, not an id; its revision is b",
			"missing-revision e down_revision base: base is not an id; a base has an empty value",
		}},
		{"beginning of an id", "abcd1234; b < abcd", []string{"missing-revision b down_revision abcd: revision abcd does not exist; did you mean abcd1234?"}},
		{"links to itself", "a < a; b < b c; c * c # x; d # y; e * x; f * z # z", []string{
			"self-loop a down_revision a: revision a is its own down revision",
			"self-loop b down_revision b: revision b is its own down revision",
			"dependency-self-loop c depends_on c: revision c depends on itself",
			"dependency-self-loop f depends_on z: revision f depends on itself",
		}},
		{"two cycles, and revisions above them", "a < c; b < a; c < b; d < c; x < y; y < x; z", []string{
			"cycle a down_revision c [a b c a]: the down revisions form a cycle: a -> b -> c -> a",
			"cycle x down_revision y [x y x]: the down revisions form a cycle: x -> y -> x",
		}},
		{"the shorter of two cycles", "a < b d; b < a; c < b; d < c", []string{
			"cycle a down_revision b [a b a]: the down revisions form a cycle: a -> b -> a",
		}},
		{"a cycle over a dependency", "a * L; b < a; c < b # L; d * e; e * d", []string{
			"dependency-cycle a depends_on L [a b c a]: the dependency on L closes a cycle: a -> b -> c -> a",
			"dependency-cycle e depends_on d [d e d]: the dependency on d closes a cycle: d -> e -> d",
		}},
		{"a dependency cycle that shares revisions with a cycle", "a < b; b < a * c; c < b", []string{
			"cycle a down_revision b [a b a]: the down revisions form a cycle: a -> b -> a",
		}},
		{"a cycle and a missing revision", "a < b; b < a x", []string{
			"cycle a down_revision b [a b a]: the down revisions form a cycle: a -> b -> a",
			"missing-revision b down_revision x: revision x does not exist",
		}},
		{"redundant and repeated links", "a # x; b < a a; c < a b * a x; d < c * a b c", nil},
		{"unknown revisions", "a # x; b < a; q < a gone * lost # x q b ?; head < q ?; z- < head ?", nil},
		{"a known revision above an unknown one", "a ?; b < a; c * a", []string{
			"missing-revision b down_revision a: revision a does not exist",
			"missing-revision c depends_on a: no revision or label \"a\"",
		}},
		{"a cycle of unknown revisions", "a; p < q ?; q < p ?", []string{
			"cycle p down_revision q [p q p]: the down revisions form a cycle: p -> q -> p",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g, problems := New(parseNodes(test.graph))
			var got []string
			for _, p := range problems {
				line := fmt.Sprintf("%s %s %s %s", p.Kind, p.ID, p.Key, p.Word)
				if p.Path != nil {
					line += fmt.Sprint(" ", p.Path)
				}
				got = append(got, line+": "+p.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if (g == nil) != (len(test.want) > 0) {
				t.Errorf("graph %v", g)
			}
		})
	}
}

// TestSuggestionsAreLimited checks that New stays linear with many problems: only the
// first ones search all names for a suggestion.
func TestSuggestionsAreLimited(t *testing.T) {
	t.Parallel()
	nodes := largeGraph(20_000)
	for i := range nodes {
		nodes[i].DownRevision = append(slices.Clone(nodes[i].DownRevision), nodes[i].ID+"x")
	}
	_, problems := New(nodes)
	if len(problems) != len(nodes) {
		t.Fatalf("%d problems", len(problems))
	}
	suggested := 0
	for _, p := range problems {
		if strings.Contains(p.Text, "did you mean "+p.ID+"?") {
			suggested++
		}
	}
	if suggested != maxSuggestions {
		t.Errorf("%d suggestions, want %d", suggested, maxSuggestions)
	}
}
