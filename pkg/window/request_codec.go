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
	for i := range s.rings {
		dst = appendRequestRing(dst, &s.rings[i])
	}
	dst = appendRing(dst, &s.profiles, appendProfile)
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
	for span := Minute; span < NumSpans; span++ {
		readRequestRing(&in, &s.rings[span], paneIndex(s.last, span.PaneMS()))
	}
	readRing(&in, &s.profiles, paneIndex(s.last, profilePaneMS), readProfile)
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
	return appendText(dst, h.org)
}

func (h *head) read(in *reader, org string) {
	*h = head{total: in.uint()}
	if h.total == 0 {
		return
	}
	h.last = int64(in.upTo(1<<63 - 1))
	h.first = in.timeBefore(h.last)
	h.offset = int64(in.upTo(1<<63 - 1))
	h.org = in.text(org)
}

// appendRequestRing is appendRing without its indirect calls: most of what a busy
// service packs is this.
func appendRequestRing(dst []byte, r *ring[RequestSums]) []byte {
	dst = appendUint(dst, uint64(len(r.panes)))
	if len(r.panes) == 0 {
		return dst
	}
	newer := r.panes[len(r.panes)-1].idx
	for i := len(r.panes) - 1; i >= 0; i-- {
		p := &r.panes[i]
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
func readRequestRing(in *reader, r *ring[RequestSums], newest uint32) {
	n := in.count()
	r.size(n)
	idx := newest
	for i := n - 1; i >= 0; i-- {
		head := in.uint()
		back := head >> (requestMaskBits + 1)
		if back > uint64(idx) || (back == 0) != (i == n-1) {
			in.fail()
			return
		}
		idx -= uint32(back)
		p := &r.panes[i]
		p.idx, p.dirty = idx, head&1 == 1
		readRequestSums(in, &p.sum, head>>1)
	}
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
	dst = appendCounts(dst, p.tasks[:])
	dst = appendCounts(dst, p.hours[:])
	dst = appendUint(dst, p.cotCount)
	if p.cotCount > 0 {
		dst = appendUint(dst, p.cotSum)
	}
	return dst
}

func readProfile(in *reader, p *profile) {
	readCounts(in, p.tasks[:])
	readCounts(in, p.hours[:])
	if p.cotCount = in.uint(); p.cotCount > 0 {
		p.cotSum = in.uint()
	}
}
