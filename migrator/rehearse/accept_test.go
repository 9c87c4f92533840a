package rehearse

import (
	"testing"

	"example.com/ambix/migrator/revision"
)

func TestHeadersAcknowledgeFindings(t *testing.T) {
	f := Finding{Rule: Destroys, Severity: Danger, Revision: "a1", Object: "public.account.nickname", Accept: revision.Acceptance{Word: "destroys", Object: "public.account.nickname"}}
	for object, want := range map[string]bool{
		"public.account.nickname": true, "account.nickname": true, "Account.NickName": true, "nickname": false, "account": false, "shop.account.nickname": false, `account."nickname"`: true, `account."Nickname"`: false,
	} {
		r := &revision.Revision{ID: "a1", Accept: []revision.Acceptance{{Word: "destroys", Object: object}}}
		got := Acknowledge([]Finding{f}, []*revision.Revision{r})
		if got[0].Accepted != want || (len(got) == 1) != want {
			t.Errorf("%s: %+v", object, got)
		}
	}
	quoted := Finding{Revision: "a1", Accept: revision.Acceptance{Word: "locks", Object: `public."A.b"`}}
	if !accepts(revision.Acceptance{Word: "locks", Object: `"A.b"`}, quoted) || accepts(revision.Acceptance{Word: "locks", Object: `b"`}, quoted) || accepts(revision.Acceptance{Word: "scans", Object: `"A.b"`}, quoted) {
		t.Error("quoted names")
	}
	other := &revision.Revision{ID: "b2", Accept: []revision.Acceptance{{Word: "destroys", Object: "account.nickname"}, {Word: "irreversible"}}}
	got := Acknowledge([]Finding{f, {Revision: "b2", Severity: 0}}, []*revision.Revision{{ID: "a1"}, other}, "irreversible")
	if len(got) != 2 || got[0].Accepted || got[1].Rule != Accept || got[1].Revision != "b2" {
		t.Errorf("%+v", got)
	}
}
