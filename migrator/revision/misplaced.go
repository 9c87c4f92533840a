package revision

// findMisplacedKeys reports keys that have no effect because of where they are: in a message that is not followed by a
// bare "--", or in comments below the header. A message may contain a line that looks like a key; it is reported only if
// that key is missing.
func (p *parser) findMisplacedKeys() {
	incomplete := !p.keyed || p.lacks(keyRevision) || p.lacks(keyDownRevision)
	for at := p.textStart(); incomplete && at < p.end; {
		start, end, next, _ := commentLine(p.text, at)
		at = next
		key, e := p.misplacedKey(start, end)
		if key >= 0 && (!p.keyed || p.lacks(key)) {
			p.reportMisplaced(key, e, `key %q is part of the message: put a bare "--" line between the message and the keys`)
		}
	}
	problem := "key %q is below the header: message and keys are one block of comment lines; remove the lines in between"
	if p.end == p.textStart() {
		problem = "key %q is not in the header: the header begins in the first line of the file; remove the lines above"
	}
	for at := p.end; at < len(p.text); {
		start, end, next, ok := commentLine(p.text, at)
		if from, to := trim(p.text, at, end); !ok && from < to {
			return
		}
		at = next
		if !ok {
			continue
		}
		if key, e := p.misplacedKey(start, end); key >= 0 {
			p.reportMisplaced(key, e, problem)
		}
	}
}

// lacks reports whether a required key is missing.
func (p *parser) lacks(key int) bool {
	return !p.down && key <= keyDownRevision && !p.entries[key].present && !p.mistyped[key]
}

// misplacedKey returns the key of a line that would be a valid entry of the header and make a difference, otherwise -1. A
// comment such as "-- transaction: see above" is not one.
func (p *parser) misplacedKey(start, end int) (int, entry) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	if !ok || key < 0 || p.down && !allowedInDown(key) || p.entries[key].present && !p.isDefault(key, p.entries[key]) {
		return -1, e
	}
	trial := parser{text: p.text, down: p.down}
	trial.entries[key] = e
	trial.readValues(new(Revision), new(Script))
	if len(trial.found) > 0 || p.isDefault(key, e) {
		return -1, e
	}
	return key, e
}

// isDefault reports whether an entry has no effect because its value is the default.
func (p *parser) isDefault(key int, e entry) bool { return key == keyTransaction && p.value(e) == "on" }

// reportMisplaced reports a key once. From then on it counts as present, so that it is not reported as missing too.
func (p *parser) reportMisplaced(key int, e entry, problem string) {
	p.entries[key] = e
	p.report(e.name, problem, keys[key])
}
