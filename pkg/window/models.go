package window

import "github.com/iolaus-io/iolaus/pkg/event"

const (
	maxModels     = 3
	modelMomentMS = hourMS // how exactly the first use of a model is kept
)

// modelUse is a model that the account used, folded; of these the ones used last are kept.
type modelUse struct {
	model uint16
	first uint32 // hours
	total uint32
}

// ModelUse is a model that an account uses. Model is a folded token: equal for the same model
// with every account.
type ModelUse struct {
	Model uint16
	First int64 // Unix ms of the first use, to the hour
	Total uint64
}

// FoldModel returns what ModelUse holds of a model's token.
func FoldModel(model event.Token) uint16 { return short(uint64(model)) }

// models is the models of the latest requests, the latest first.
type models struct {
	n   uint8
	use [maxModels]modelUse
}

func (m *models) add(e *event.Request) {
	v := modelUse{model: short(uint64(e.Model)), first: uint32(e.TS / modelMomentMS)}
	if u := &m.use[0]; m.n > 0 && u.model == v.model { // nearly always
		u.first = min(u.first, v.first)
		increment(&u.total)
		return
	}
	i := 0
	for i < int(m.n) && m.use[i].model != v.model {
		i++
	}
	switch {
	case i < int(m.n):
		v.total, v.first = m.use[i].total, min(v.first, m.use[i].first)
	case i < maxModels:
		m.n++
	default:
		i--
	}
	increment(&v.total)
	copy(m.use[1:i+1], m.use[:i])
	m.use[0] = v
}

func (m *models) features(f *RequestFeatures) {
	for i, u := range m.use[:m.n] {
		f.Models[i] = ModelUse{Model: u.model, First: int64(u.first) * modelMomentMS, Total: uint64(u.total)}
	}
}

// append writes the models of a state whose first event time is first.
func (m *models) append(dst []byte, first int64) []byte {
	dst = append(dst, m.n)
	base := uint32(first / modelMomentMS)
	for _, u := range m.use[:m.n] {
		dst = append(dst, byte(u.model), byte(u.model>>8))
		dst = appendUint(dst, uint64(u.first-base))
		dst = appendUint(dst, uint64(u.total))
	}
	return dst
}

func (m *models) read(in *reader, first, last int64) {
	m.n = uint8(in.upTo(maxModels))
	base, end := uint32(first/modelMomentMS), uint32(last/modelMomentMS)
	for i := range m.use[:m.n] {
		m.use[i] = modelUse{
			model: in.fixed16(),
			first: base + uint32(in.upTo(uint64(end-base))),
			total: uint32(in.upTo(regimeCountLimit)),
		}
	}
}

// LeadingModel returns the model of most requests among those used last, and its share of them.
func (f *RequestFeatures) LeadingModel() (model uint16, share float64) {
	var all, most uint64
	for _, u := range f.Models {
		if all += u.Total; u.Total > most {
			model, most = u.Model, u.Total
		}
	}
	if all == 0 {
		return 0, 0
	}
	return model, float64(most) / float64(all)
}

// NewestModel returns the model that the account took up last and when (Unix ms, to the hour).
func (f *RequestFeatures) NewestModel() (model uint16, first int64) {
	for _, u := range f.Models {
		if u.Total > 0 && u.First > first {
			model, first = u.Model, u.First
		}
	}
	return model, first
}
