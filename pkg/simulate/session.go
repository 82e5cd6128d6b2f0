package simulate

// exchange makes the event for one planned exchange.
func (w *World) exchange(a *account, p planned, q *request) *session {
	r, s := &a.words, &a.sessions[p.session]
	s.turn++
	row := w.size(s, r)
	*q = request{ts: p.ts, model: s.model, endpoint: s.endpoint, status: 200, task: s.task,
		input: int64(row.input), output: int64(row.output), cot: -1}
	q.cached = s.cachedBy(p.ts, row)
	if u := r.float(); u < a.limited || s.limited {
		q.status = 429
	} else if u < a.limited+0.014 {
		q.status = [...]int32{400, 500, 529, 408}[r.intn(4)]
	}
	q.latency = 250 + q.input/40 + int64(float64(q.output)*r.lognormal(14, 0.25))
	if q.status != 200 {
		q.output, q.cached, q.latency = 0, 0, 20+q.latency/20
	}
	q.tools = s.toolCalls(r)
	if !a.missing.suffix {
		q.suffix = s.frame(r)
	}
	if !a.missing.cot {
		q.cot = int(1000*min(1, max(0, s.cot+0.11*r.norm())) + 0.5)
	}
	s.last, s.tokens = p.ts, q.input+q.output
	return s
}

// size draws a turn's tokens: the turn's place in the conversation is its quantile of
// input size, so contexts grow and the mix over all turns is the trace's.
func (w *World) size(s *session, r *rng) traceRow {
	u := (float64(s.turn-1) + r.float()) / float64(s.turns)
	return w.arrivals(s.kind).at(s.band + s.width*u)
}

// cachedBy is how much of the input the prompt cache holds: the conversation so far
// where the last turn is at most five minutes old, else what the trace says of its prefix.
func (s *session) cachedBy(ts int64, row traceRow) int64 {
	input := int64(row.input)
	if s.turn > 1 && ts-s.last <= 5*60*1000 {
		return min(s.tokens, input) &^ 127
	}
	return min(int64(row.reused), input) &^ 127
}

func (s *session) toolCalls(r *rng) int32 {
	switch {
	case s.kind == kindAgent && r.chance(0.8):
		return 1 + int32(r.exp())
	case s.kind == kindCode && r.chance(0.2):
		return 1
	default:
		return 0
	}
}
