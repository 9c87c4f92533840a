package text

import "testing"

func TestLikenessPrefersTheLikelierName(t *testing.T) {
	for _, test := range []struct{ name, likely, unlikely string }{
		{"account_email", "email", "name"},
		{"points", "loyalty_points", "price"},
		{"start_date_str", "start_month_year", "verification_month_year"},
		{"Nick", "nickname", "old"},
		{"created", "created_at", "updated_at"},
		{"a", "b", "something"},
	} {
		likely, unlikely := Likeness(test.name, test.likely), Likeness(test.name, test.unlikely)
		if likely < unlikely || likely != Likeness(test.likely, test.name) {
			t.Errorf("%s: %s %v, %s %v", test.name, test.likely, likely, test.unlikely, unlikely)
		}
	}
	if got := Likeness("Nick-Name", "nick_name"); got != 1 {
		t.Error(got)
	}
	if got := Likeness("", "x"); got != 0 {
		t.Error(got)
	}
}
