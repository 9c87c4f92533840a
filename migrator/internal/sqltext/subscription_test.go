package sqltext

import "testing"

func TestSubscriptionsThatReachTheirPublisher(t *testing.T) {
	t.Parallel()
	const reaches = true
	for sql, want := range map[string]Subscription{
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p":                                            {"s", reaches, SlotNamed},
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (create_slot = false)":                 {"s", reaches, SlotNamed},
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect)":                             {"s", reaches, SlotNamed},
		"CREATE SUBSCRIPTION s CONNECTION 'WITH (connect = false)' PUBLICATION p":                            {"s", reaches, SlotNamed},
		"create subscription \"S\" connection 'host=a' publication p with (Connect = off, enabled = false)":  {"S", !reaches, SlotNamed},
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect = false, slot_name = 'x')":    {"s", !reaches, SlotNamed},
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect = false, slot_name = NONE)":   {"s", !reaches, SlotNone},
		"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (slot_name = 'none', connect = FALSE)": {"s", !reaches, SlotNone},
		"ALTER SUBSCRIPTION s ENABLE":                                       {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s DISABLE":                                      {"s", !reaches, SlotKept},
		"ALTER SUBSCRIPTION s REFRESH PUBLICATION WITH (copy_data = false)": {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s SET PUBLICATION p":                            {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)":     {"s", !reaches, SlotKept},
		"ALTER SUBSCRIPTION s ADD PUBLICATION p":                            {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s DROP PUBLICATION p WITH (refresh = 0)":        {"s", !reaches, SlotKept},
		"ALTER SUBSCRIPTION s SET (slot_name = NONE)":                       {"s", !reaches, SlotNone},
		"ALTER SUBSCRIPTION s SET (binary, slot_name = x)":                  {"s", !reaches, SlotNamed},
		"ALTER SUBSCRIPTION s SET (failover = true)":                        {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s SET (two_phase = off)":                        {"s", reaches, SlotKept},
		"ALTER SUBSCRIPTION s CONNECTION 'host=b'":                          {"s", !reaches, SlotKept},
		"ALTER SUBSCRIPTION s OWNER TO joe":                                 {"s", !reaches, SlotKept},
		"ALTER SUBSCRIPTION s SKIP (lsn = NONE)":                            {"s", !reaches, SlotKept},
		"DROP SUBSCRIPTION IF EXISTS s":                                     {"s", reaches, SlotKept},
		"DROP TABLE subscription":                                           {},
		"COMMENT ON SUBSCRIPTION s IS ''":                                   {},
		"CREATE PUBLICATION p":                                              {},
	} {
		statements, _ := Split(sql)
		if got := SubscriptionOf(sql, statements[0]); got != want {
			t.Errorf("%s: %+v, want %+v", sql, got, want)
		}
	}
}
