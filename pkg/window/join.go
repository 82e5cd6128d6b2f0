package window

// Join looks at an account's three windows at an event time, or at a window's own highest
// event time where that is later. A nil state is a stream on which nothing was seen.
func Join(s *SignupState, r *RequestState, p *PaymentState, at int64) *Features {
	f := &Features{}
	if s != nil {
		v := s.Features(at)
		f.Signup = &v
	}
	if r != nil {
		v := r.Features(at)
		f.Requests = &v
	}
	if p != nil {
		v := p.Features(at)
		f.Payments = &v
	}
	return f
}
