package sqltext

// Subscription is what a statement does with a subscription outside of its database.
type Subscription struct {
	Name string // as the catalogs contain it, but not yet cut to 63 bytes; "" if the statement is about something else
	// Connects: the statement connects to the publisher, or lets the server do so. DROP SUBSCRIPTION does so to drop the
	// slot there, unless the subscription has none.
	Connects bool
	// Slot says whether the subscription has a slot at the publisher after the statement.
	Slot Slot
}

// Slot is what a statement says about the replication slot of a subscription.
type Slot uint8

// What a statement can say.
const (
	SlotKept  Slot = iota // nothing
	SlotNone              // it has none: slot_name = NONE
	SlotNamed             // it has one, which may not exist yet
)

// SubscriptionOf returns what CREATE, ALTER or DROP SUBSCRIPTION does, the zero value for other statements.
func SubscriptionOf(src string, s Statement) Subscription {
	r := newTokenReader(src, s)
	create, drop := r.accept("CREATE"), r.accept("DROP")
	if !create && !drop && !r.accept("ALTER") || !r.accept("SUBSCRIPTION") {
		return Subscription{}
	}
	r.acceptIfExists()
	_, name := r.qualified()
	sub := Subscription{Name: name}
	switch {
	case create:
		sub.Connects = !r.off("connect")
		for sub.Slot = SlotNamed; r.next(); {
			if r.is("WITH") && r.slot() == SlotNone {
				sub.Slot = SlotNone
			}
		}
	case drop, r.accept("ENABLE"), r.accept("REFRESH"):
		sub.Connects = true
	case r.acceptAny("ADD", "DROP"), r.accept("SET") && r.accept("PUBLICATION"):
		sub.Connects = !r.off("refresh")
	default: // SET (…), unless it is OWNER TO or another form without options
		_, failover := r.optionValue("failover") // both are changed at the publisher too
		_, twoPhase := r.optionValue("two_phase")
		sub.Connects, sub.Slot = failover || twoPhase, r.slot()
	}
	return sub
}

// slot looks for slot_name in the list of options that follows.
func (r *tokenReader) slot() Slot {
	switch value, set := r.optionValue("slot_name"); {
	case !set:
		return SlotKept
	case value == "none":
		return SlotNone
	}
	return SlotNamed
}
