package window

// requestTables is the order of the tables in a packed request state.
var requestTables = []Table{TableIP, TablePrefix, TableASN, TableClient, TableKey, TableTemplate, TableSuffix, TableOrg}

// Which sums of a request pane follow. Errors come with throttled.
const (
	maskErrors = 1 << iota
	maskCached
	maskTools
	requestMaskBits = iota
)

// Append packs the state at the end of dst.
func (s *RequestState) Append(dst []byte) []byte {
	dst = s.head.append(append(dst, version))
	if s.total == 0 {
		return dst
	}
	dst = s.appendRings(dst)
	dst = profileFormat().appendRing(dst, &s.profiles, false)
	dst = s.models.append(s.sessions.append(dst, s.last), s.first)
	dst = s.appendKeys(dst)
	return s.entities.append(dst, requestTables, s.last)
}

// DecodeRequest unpacks a state. It refuses an unknown version (ErrVersion) and
// damaged bytes (ErrCorrupt).
func DecodeRequest(b []byte) (*RequestState, error) {
	s := new(RequestState)
	if err := s.Decode(b); err != nil {
		return nil, err
	}
	return s, nil
}

// Decode is DecodeRequest into a state whose memory is used again.
func (s *RequestState) Decode(b []byte) error {
	org := s.org // most decodes meet the same one again
	s.Reset()
	in := open(b)
	s.head.read(&in, org)
	if s.total == 0 {
		return in.close()
	}
	s.readRings(&in)
	if profileFormat().readRing(&in, &s.profiles, paneIndex(s.last, profilePaneMS)) {
		in.fail()
	}
	s.sessions.read(&in, s.last)
	s.models.read(&in, s.first, s.last)
	s.readKeys(&in)
	s.entities.read(&in, requestTables, s.last)
	return in.close()
}

func (h *head) append(dst []byte) []byte {
	dst = appendUint(dst, h.total)
	if h.total == 0 {
		return dst
	}
	dst = appendUint(dst, uint64(h.last))
	dst = appendUint(dst, uint64(h.last-h.first))
	dst = appendUint(dst, uint64(h.offset))
	return appendID(dst, h.org)
}

func (h *head) read(in *reader, org string) {
	*h = head{total: in.uint()}
	if h.total == 0 {
		return
	}
	h.last = int64(in.upTo(1<<63 - 1))
	h.first = in.timeBefore(h.last)
	h.offset = int64(in.upTo(1<<63 - 1))
	h.org = in.id(org)
}

func profileFormat() format[profile] {
	return format[profile]{append: appendProfile, read: readProfile}
}

// appendRings is format.appendRings without its indirect calls: most of what a busy
// service packs is this.
func (s *RequestState) appendRings(dst []byte) []byte {
	for span := Minute; span < NumSpans; span++ {
		r, implied := &s.rings[span], false
		if n := len(r.panes); span > Minute && n > 0 {
			implied = s.finerSum(span, r.panes[n-1].idx) == r.panes[n-1].sum
		}
		dst = appendRequestRing(dst, r, implied)
	}
	return dst
}

func (s *RequestState) readRings(in *reader) {
	for span := Minute; span < NumSpans; span++ {
		newest := paneIndex(s.last, span.PaneMS())
		if !readRequestRing(in, &s.rings[span], newest) {
			continue
		}
		if span == Minute {
			in.fail()
			return
		}
		r := &s.rings[span]
		r.panes[len(r.panes)-1].sum = s.finerSum(span, newest)
	}
}

// finerSum is ring.sumOf; panes are in ascending order, so that it goes back from the newest.
func (s *RequestState) finerSum(span Span, idx uint32) (sum RequestSums) {
	finer := s.rings[span-1].panes
	for i := len(finer) - 1; i >= 0 && finer[i].idx/finerPanes[span] == idx; i-- {
		sum.add(&finer[i].sum)
	}
	return sum
}

func appendRequestRing(dst []byte, r *ring[RequestSums], implied bool) []byte {
	dst = appendUint(dst, uint64(len(r.panes)))
	if len(r.panes) == 0 {
		return dst
	}
	newer := r.panes[len(r.panes)-1].idx
	for i := len(r.panes) - 1; i >= 0; i-- {
		p := &r.panes[i]
		if implied && i == len(r.panes)-1 {
			dst = append(dst, byte(1<<(requestMaskBits+1)|bit(p.dirty))) // as if one back
			continue
		}
		dst = appendRequestPane(dst, p, newer-p.idx)
		newer = p.idx
	}
	return dst
}

func appendRequestPane(dst []byte, p *pane[RequestSums], back uint32) []byte {
	s, head := &p.sum, uint64(back)<<(requestMaskBits+1)
	if p.dirty {
		head |= 1
	}
	errors, cached, tools := s.Errors != 0 || s.Throttled != 0, s.Cached != 0, s.Tools != 0
	if errors {
		head |= maskErrors << 1
	}
	if cached {
		head |= maskCached << 1
	}
	if tools {
		head |= maskTools << 1
	}
	dst = appendUint(appendUint(appendUint(appendUint(dst, head), s.Requests), s.Input), s.Output)
	if errors {
		dst = appendUint(appendUint(dst, s.Errors), s.Throttled)
	}
	if cached {
		dst = appendUint(dst, s.Cached)
	}
	if tools {
		dst = appendUint(dst, s.Tools)
	}
	return dst
}

// readRequestRing is the inverse of appendRequestRing.
func readRequestRing(in *reader, r *ring[RequestSums], newest uint32) (implied bool) {
	n := in.count()
	r.size(n)
	idx := newest
	for i := n - 1; i >= 0; i-- {
		head := in.uint()
		back, p := head>>(requestMaskBits+1), &r.panes[i]
		if i == n-1 {
			p.idx, p.dirty = idx, head&1 == 1
			switch back {
			case 0:
				readRequestSums(in, &p.sum, head>>1)
			case 1:
				implied = true
			default:
				in.fail()
				return false
			}
			continue
		}
		if back > uint64(idx) || back == 0 {
			in.fail()
			return false
		}
		idx -= uint32(back)
		p.idx, p.dirty = idx, head&1 == 1
		readRequestSums(in, &p.sum, head>>1)
	}
	return implied
}

func readRequestSums(in *reader, s *RequestSums, mask uint64) {
	*s = RequestSums{Requests: in.uint(), Input: in.uint(), Output: in.uint()}
	if mask&maskErrors != 0 {
		s.Errors, s.Throttled = in.uint(), in.uint()
	}
	if mask&maskCached != 0 {
		s.Cached = in.uint()
	}
	if mask&maskTools != 0 {
		s.Tools = in.uint()
	}
}

func appendProfile(dst []byte, p *profile) []byte {
	dst = append(dst, byte(maskOf(p.tasks[:])))
	dst = appendMasked(dst, p.tasks[:])
	m := maskOf(p.hours[:])
	dst = append(dst, byte(m), byte(m>>8), byte(m>>16))
	dst = appendMasked(dst, p.hours[:])
	dst = appendUint(dst, p.cotCount)
	if p.cotCount > 0 {
		dst = appendUint(dst, p.cotSum)
	}
	return appendUint(appendUint(dst, p.streams), p.starts)
}

func readProfile(in *reader, p *profile) {
	readMasked(in, uint64(in.raw()), p.tasks[:])
	readMasked(in, uint64(in.fixed24()), p.hours[:])
	if p.cotCount = in.uint(); p.cotCount > 0 {
		p.cotSum = in.uint()
	}
	p.streams, p.starts = in.uint(), in.uint()
}
